"""MLflow behind the workspace's address: its own client, its own pages, one token."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import mlflow
import pytest

import marks
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
    names = http.post("/mlflow/ajax-api/2.0/mlflow/experiments/search", json={"max_results": 10}).json()
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
