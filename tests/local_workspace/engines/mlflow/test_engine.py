"""MLflow behind the workspace's address: its own client, its own pages, one token."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

import marks
from local_workspace.engines.identity.documents import NOTHING_SAID
from local_workspace.engines.mlflow import engine
from local_workspace.runtime import principals
from model_workspace import LONG_HOME, TOKEN, running
from waiting import eventually, has_ended


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with running(tmp_path_factory.mktemp("mlflow") / LONG_HOME) as workspace:
        yield workspace


@pytest.fixture
def http(connected: SimpleNamespace) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=connected.env["DATABRICKS_HOST"], auth=("anyone", TOKEN)) as client:
        yield client


def test_a_run_comes_back_with_metrics_and_artifacts(connected, tmp_path):
    large = tmp_path / "a large one, 100%.bin"
    large.write_bytes(os.urandom(3_000_000))
    mlflow.set_experiment("runs")
    with mlflow.start_run() as run:
        mlflow.log_metrics({"lag": 1.5})
        mlflow.log_artifact(str(large), "some folder")
    assert mlflow.get_run(run.info.run_id).data.metrics == {"lag": 1.5}
    back = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path=f"some folder/{large.name}", dst_path=str(tmp_path / "back")
    )
    assert Path(back).read_bytes() == large.read_bytes()
    stored = list((connected.home.mlflow / "artifacts").rglob("*.bin"))
    assert [path.name for path in stored] == [large.name]


@pytest.mark.parametrize(
    ("path", "told"),
    [("folder", "a folder is there"), ("folder/file/b", "'file' above it is a file"), ("x" * 300, "is too long")],
)
def test_an_artifact_whose_path_can_not_be_is_refused_at_once(http, path, told):
    """MLflow's server fails, and its client repeats what has failed for minutes."""
    root = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts"
    assert http.put(f"{root}/folder/file", content=b"x").status_code == 200
    answer = http.put(f"{root}/{path}", content=b"x")
    assert answer.status_code == 400 and told in answer.json()["message"]


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("experiment_id", ["00", "٣", "1" * 20, "x"])
def test_an_experiment_has_one_id(experiment_id):
    """MLflow takes 00 for 0, and permissions on one would not be those on the other."""
    with pytest.raises(NotFound, match="No Experiment with id"):
        WorkspaceClient().permissions.get("experiments", experiment_id)
    assert WorkspaceClient().permissions.get("experiments", "0").object_id == "/experiments/0"


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("/api/2.0/mlflow/runs/log-batch", b"{", "is not JSON"),
        ("/api/2.0/mlflow/runs/log-batch", b"", "is not JSON"),
        ("/api/2.0/mlflow/experiments/create", b"[]", "is not a JSON object"),
        ("/ajax-api/2.0/mlflow/runs/search", b'{"a": "\xff"}', "is not JSON"),
        ("/api/2.0/mlflow/runs/log-batch", b'{"run_id": "x", "metrics": [5]}', "can't read the request"),
        ("/api/2.0/mlflow/runs/create", b'{"experiment_id": "%d"}' % 10**30, "larger than MLflow can store"),
        ("/graphql", b'{"query": "{"}', "can't read the request"),
        ("/v1/traces", b"{}", "x-mlflow-experiment-id is missing"),
    ],
)
def test_what_mlflow_cannot_read_is_refused_with_a_sentence(http, path, content, reason):
    answer = http.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error_code"] in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE")
    assert reason in answer.json()["message"]


def test_who_makes_an_experiment_manages_it_and_nobody_else_does(connected):
    host = connected.env["DATABRICKS_HOST"]
    ana, bo = (connected.identity.create("Users", f"{name}@example.com", NOTHING_SAID) for name in ("ana", "bo"))
    clients = [
        WorkspaceClient(host=host, token=principals.access_token(TOKEN, principals.of_user(each["id"])))
        for each in (ana, bo)
    ]
    made = clients[0].experiments.create_experiment(f"of ana {uuid.uuid4().hex}").experiment_id
    clients[0].experiments.create_run(experiment_id=made)
    can_edit = AccessControlRequest(user_name=bo["name"], permission_level=PermissionLevel.CAN_EDIT)
    for refused in (
        lambda: clients[1].experiments.create_run(experiment_id=made),
        lambda: clients[1].permissions.update("experiments", made, access_control_list=[can_edit]),
        lambda: clients[1].api_client.do(
            "GET", "/mlflow/ajax-api/2.0/mlflow/experiments/get", query={"experiment_id": made}
        ),
    ):
        with pytest.raises(PermissionDenied, match=f"{bo['name']} does not have CAN_"):
            refused()
    clients[0].permissions.update("experiments", made, access_control_list=[can_edit])
    clients[1].experiments.create_run(experiment_id=made)


def test_a_trace_is_stored_with_its_spans(connected):
    mlflow.set_experiment("traces")
    with mlflow.start_span("outer") as span:
        span.set_inputs({"order": "ABC123"})
        with mlflow.start_span("inner"):
            pass
    mlflow.flush_trace_async_logging()
    (trace,) = mlflow.search_traces(return_type="list")
    assert [s.name for s in trace.data.spans] == ["outer", "inner"]
    assert trace.data.spans[0].inputs == {"order": "ABC123"}


def test_the_tracking_uri_of_databricks_reaches_the_workspace(connected):
    mlflow.set_tracking_uri("databricks")
    experiment = mlflow.set_experiment("/Users/me@localhost/by-name")
    with mlflow.start_run():
        mlflow.log_param("oven", "hot")
        mlflow.log_metric("minutes", 12)
    (run,) = mlflow.search_runs([experiment.experiment_id], output_format="list")
    assert (run.data.params, run.data.metrics) == ({"oven": "hot"}, {"minutes": 12})
    mlflow.set_tracking_uri(connected.env["MLFLOW_TRACKING_URI"])


@pytest.fixture
def databricks(connected, monkeypatch):
    """MLflow's client as on Databricks."""
    mlflow.set_tracking_uri("databricks")
    yield mlflow
    mlflow.set_tracking_uri(connected.env["MLFLOW_TRACKING_URI"])


def traces_of(experiment: str) -> list[mlflow.entities.Trace]:
    """The traces of an experiment."""
    return mlflow.search_traces(locations=[experiment], return_type="list")


@pytest.fixture
def traced(connected, databricks):
    """Makes a trace with the given name in a new experiment; returns its id."""
    experiment = mlflow.set_experiment(f"/Shared/traced-{uuid.uuid4().hex}").experiment_id

    def trace(name: str) -> str:
        with mlflow.start_span(name) as span:
            span.set_inputs({"order": name})
        mlflow.flush_trace_async_logging()
        return span.trace_id

    folder = connected.home.mlflow / "artifacts" / experiment / "traces"
    trace.experiment = experiment
    trace.files = lambda: {file.parents[1].name for file in folder.glob("*/*/*")}
    trace.held = lambda: {each.info.trace_id for each in traces_of(experiment)}
    return trace


def test_the_files_of_a_deleted_trace_are_deleted(traced):
    first, second = traced("first"), traced("second")
    assert traced.files() == traced.held() == {first, second}
    mlflow.MlflowClient().delete_traces(traced.experiment, trace_ids=[first])
    assert traced.files() == traced.held() == {second}


def test_old_traces_are_deleted_unless_they_belong_to_a_run(connected, traced, monkeypatch):
    monkeypatch.setattr(engine, "TRACES_AT_ONCE", 2)
    old = {traced(f"{number}") for number in range(5)}
    with mlflow.start_run():
        evaluated = traced("of a run")
    before = 1 + max(each.info.timestamp_ms for each in traces_of(traced.experiment))
    eventually(lambda: time.time() * 1000 > before)
    new = traced("new")
    assert connected.mlflow.delete_traces(before) >= len(old)
    assert traced.files() == traced.held() == {evaluated, new}
    assert connected.mlflow.delete_traces(before) == 0


class Upper(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


def test_files_and_models_come_back_with_the_tracking_uri_of_databricks(connected, databricks, tmp_path):
    mlflow.set_experiment("/Shared/files-of-databricks")
    with mlflow.start_run() as run:
        mlflow.log_text("baked", "a folder/no 1.txt")
        logged = mlflow.pyfunc.log_model(name="upper", python_model=Upper(), registered_model_name="kitchen.ai.upper")
    assert run.info.artifact_uri.startswith("dbfs:/databricks/mlflow-tracking/")
    address = f"runs:/{run.info.run_id}/a folder/no 1.txt"
    assert mlflow.artifacts.load_text(address) == "baked"
    found = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="a folder")
    assert [(file.path, file.file_size) for file in found] == [("a folder/no 1.txt", 5)]
    for uri in (logged.model_uri, f"runs:/{run.info.run_id}/upper", "models:/kitchen.ai.upper/1"):
        assert mlflow.pyfunc.load_model(uri).predict(["a"]) == ["A"]
    mlflow.set_tracking_uri(connected.env["MLFLOW_TRACKING_URI"])
    assert mlflow.artifacts.load_text(address) == "baked"
    assert mlflow.pyfunc.load_model(logged.model_uri).predict(["b"]) == ["B"]


def test_a_file_that_is_not_there_is_said_to_be_missing(databricks, tmp_path):
    mlflow.set_experiment("/Shared/missing-files")
    with mlflow.start_run() as run:
        pass
    with pytest.raises(mlflow.MlflowException, match="ensure that the path is correct"):
        mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="none.txt", dst_path=str(tmp_path))


def test_traces_come_back_with_the_tracking_uri_of_databricks(connected, databricks):
    mlflow.set_experiment("/Shared/traces-of-databricks")
    with mlflow.start_span("theirs"):
        pass
    mlflow.flush_trace_async_logging()
    mlflow.set_tracking_uri(connected.env["MLFLOW_TRACKING_URI"])
    with mlflow.start_span("ours"):
        pass
    mlflow.flush_trace_async_logging()
    for uri in ("databricks", connected.env["MLFLOW_TRACKING_URI"]):
        mlflow.set_tracking_uri(uri)
        found = mlflow.search_traces(return_type="list")
        assert sorted(span.name for trace in found for span in trace.data.spans) == ["ours", "theirs"]


def test_a_link_to_a_traces_file_is_for_that_file_alone(connected, databricks, http):
    mlflow.set_experiment("/Shared/links")
    with mlflow.start_span("linked") as span:
        pass
    mlflow.flush_trace_async_logging()
    api = f"/api/2.0/mlflow/traces/{span.trace_id}/credentials-for-data"
    name = f"attachments/{uuid.uuid4()}"
    note = {"path": name}
    link, to_read, to_write = (
        http.get(f"{api}-{access}", params=params).json()["credential_info"]["signed_uri"]
        for access, params in (("download", {}), ("download", note), ("upload", note))
    )
    assert [each["name"] for each in httpx.get(link).json()["spans"]] == ["linked"]
    assert httpx.put(to_write, content=b"a note").status_code == 200
    assert httpx.get(to_read).text == "a note"
    for other in (link.replace("signature=", "signature=0"), link.replace("traces.json", name)):
        assert httpx.get(other).json()["error_code"] == "PERMISSION_DENIED"
    assert httpx.put(link.replace("/read/", "/write/"), content=b"x").status_code == 403
    assert http.get(f"{api}-upload", params={"path": "../x"}).status_code == 400


def test_a_deleted_experiments_name_can_be_used_again(connected):
    client = mlflow.MlflowClient()
    first = client.create_experiment("/Shared/again")
    client.delete_experiment(first)
    assert client.get_experiment_by_name("/Shared/again").experiment_id == first
    second = client.create_experiment("/Shared/again")
    assert client.get_experiment_by_name("/Shared/again").experiment_id == second
    assert client.get_experiment(first).lifecycle_stage == "deleted"
    with pytest.raises(mlflow.MlflowException, match="RESOURCE_ALREADY_EXISTS"):
        client.create_experiment("/Shared/again")


def test_a_restored_experiment_has_its_name_if_that_is_free(connected):
    client = mlflow.MlflowClient()
    first = client.create_experiment("/Shared/restored")
    client.delete_experiment(first)
    second = client.create_experiment("/Shared/restored")
    with pytest.raises(mlflow.MlflowException, match="RESOURCE_ALREADY_EXISTS"):
        client.restore_experiment(first)
    assert client.get_experiment(first).lifecycle_stage == "deleted"
    client.delete_experiment(second)
    client.restore_experiment(first)
    assert client.get_experiment_by_name("/Shared/restored").experiment_id == first


def test_an_experiment_can_take_the_name_of_a_deleted_one(connected):
    client = mlflow.MlflowClient()
    client.delete_experiment(client.create_experiment("/Shared/free"))
    active = client.create_experiment("/Shared/active")
    client.rename_experiment(active, "/Shared/free")
    client.rename_experiment(active, "/Shared/free")
    assert client.get_experiment_by_name("/Shared/free").experiment_id == active
    other = client.create_experiment("/Shared/other")
    with pytest.raises(mlflow.MlflowException, match="RESOURCE_ALREADY_EXISTS"):
        client.rename_experiment(other, "/Shared/free")


def test_the_workspaces_own_registry_takes_no_name_of_unity_catalog(connected):
    client = mlflow.MlflowClient(registry_uri=connected.env["DATABRICKS_HOST"])
    assert client.create_registered_model("plain").name == "plain"
    with pytest.raises(mlflow.MlflowException, match="periods.*databricks-uc"):
        client.create_registered_model("kitchen.ai.agent")


def test_the_pages_and_what_they_load_are_under_one_prefix(http):
    page = http.get("/mlflow", follow_redirects=True)
    script = page.text.partition('<script defer="defer" src="')[2].partition('"')[0]
    assert page.url.path == "/mlflow/" and script.startswith("static-files/")
    assert http.get(f"/mlflow/{script}").headers["content-type"].startswith("text/javascript")
    names = http.post("/mlflow/ajax-api/2.0/mlflow/experiments/search", json={"max_results": 100}).json()
    assert "Default" in [experiment["name"] for experiment in names["experiments"]]


@pytest.mark.parametrize("path", ["/mlflow/", "/api/2.0/mlflow/experiments/search", "/version"])
def test_nothing_is_shown_without_the_token(connected, path):
    answer = httpx.get(connected.env["DATABRICKS_HOST"] + path, auth=("anyone", "wrong"))
    assert answer.status_code == 401 and answer.json()["error_code"] == "UNAUTHENTICATED"


def test_an_error_of_mlflow_reaches_its_client(connected):
    with pytest.raises(mlflow.MlflowException, match="No Experiment with id=424242"):
        mlflow.tracking.MlflowClient().get_experiment("424242")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/2.0/mlflow/experiments/list", 404, "ENDPOINT_NOT_FOUND"),
        ("DELETE", "/api/2.0/mlflow/experiments/create", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/static-files/no-such-file.js", 404, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_a_path_that_mlflow_has_not_is_answered_as_one_of_the_workspace(http, method, path, status, code):
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert f"No API found for '{method} {path}'" in answer.json()["message"]


def test_a_killed_server_comes_back_with_its_data(connected, http):
    mlflow.set_experiment("survivor")
    first = marks.process(connected.home, "mlflow")
    first.kill()
    eventually(lambda: has_ended(first))

    # While it is away callers get an error; then the same request works again.
    found = eventually(
        lambda: http.get("/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": "survivor"}),
        lambda answer: answer.status_code == 200,
        seconds=300,
        ignoring=httpx.HTTPError,
    )
    assert found.json()["experiment"]["name"] == "survivor"
    assert marks.process(connected.home, "mlflow") != first
