"""Endpoints as the official clients see them: models of MLflow in processes of their own."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import openai
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import (
    BadRequest,
    NotFound,
    OperationFailed,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
)
from databricks.sdk.service import serving as api
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from mlflow.models.resources import DatabricksServingEndpoint

import marks
import signatures
from local_workspace.runtime import principals
from model_workspace import LONG_HOME, TOKEN, running, serving_process
from waiting import eventually, has_ended

MODELS = Path(__file__).parents[3] / "support" / "models"
REQUIREMENTS = ["mlflow", "databricks-sdk[openai]"]
SUMS, ADDER, DOUBLER = "kitchen.ai.sums", "kitchen.ai.adder", "kitchen.ai.doubler"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:get_open_ai_client:DeprecationWarning")]


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with running(tmp_path_factory.mktemp("serving") / LONG_HOME) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def w(connected) -> WorkspaceClient:
    return WorkspaceClient(config=Config(retry_timeout_seconds=5))


@pytest.fixture(scope="module")
def ai(endpoints, w) -> openai.OpenAI:
    return w.serving_endpoints.get_open_ai_client(max_retries=0)


@pytest.fixture(scope="module")
def endpoints(connected, w) -> None:
    """Two versions of the agent, the chat model and an ordinary model, registered; all but version 2 served."""
    import mlflow

    def log(file: str, name: str, **details: object) -> None:
        mlflow.pyfunc.log_model(
            name=file,
            python_model=str(MODELS / f"{file}.py"),
            registered_model_name=name,
            pip_requirements=REQUIREMENTS,
            **details,
        )

    experiment = mlflow.set_experiment("serving").experiment_id
    log("adder_chat", ADDER, metadata={"task": "llm/v1/chat"}, signature=signatures.CHAT)
    log("sums_agent", SUMS, resources=[DatabricksServingEndpoint("adder")])
    log("doubler", DOUBLER, signature=signatures.DOUBLER)
    second = connected.home.root / "sums_agent.py"
    second.write_text((MODELS / "sums_agent.py").read_text().replace('VERSION = "one"', 'VERSION = "two"'))
    mlflow.pyfunc.log_model(
        name="sums_agent",
        python_model=str(second),
        registered_model_name=SUMS,
        resources=[DatabricksServingEndpoint("adder")],
        pip_requirements=REQUIREMENTS,
    )
    waits = [
        w.serving_endpoints.create(name, config=config(model, environment_vars=variables))
        for name, model, variables in (
            ("adder", ADDER, {"MLFLOW_EXPERIMENT_ID": experiment}),
            ("sums", SUMS, {"MLFLOW_EXPERIMENT_ID": experiment, "ENABLE_MLFLOW_TRACING": "true"}),
            ("doubler", DOUBLER, None),
        )
    ]
    for wait in waits:
        wait.result()


def config(model: str, version: str = "1", **details: object) -> api.EndpointCoreConfigInput:
    entity = api.ServedEntityInput(
        entity_name=model, entity_version=version, workload_size="Small", scale_to_zero_enabled=True, **details
    )
    return api.EndpointCoreConfigInput(name="unused", served_entities=[entity])


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def test_a_created_endpoint_is_ready_and_listed(endpoints, w):
    found = w.serving_endpoints.get("sums")
    assert found.state.ready == api.EndpointStateReady.READY
    assert found.state.config_update == api.EndpointStateConfigUpdate.NOT_UPDATING
    (entity,) = found.config.served_entities
    assert (entity.entity_name, entity.entity_version) == (SUMS, "1")
    assert entity.state.deployment == api.ServedModelStateDeployment.DEPLOYMENT_READY
    assert {"adder", "sums", "doubler"} <= {endpoint.name for endpoint in w.serving_endpoints.list()}


def test_an_agent_answers_the_responses_api_through_its_tools_and_the_model_endpoint(ai):
    answer = ai.responses.create(
        model="sums",
        input=user("add 2 and 3, 40 and 50"),
        extra_body={"custom_inputs": {"order": {"id": "ABC123", "n": 1, "none": None}}},
    )
    assert json.loads(answer.output_text) == {"sums": [5, 90]}
    assert answer.custom_outputs == {"order": {"id": "ABC123", "n": 1, "none": None}}


def test_an_agent_takes_plain_text_as_input(ai):
    assert ai.responses.create(model="sums", input="hello").output_text == "one: hello"


def test_an_agent_answers_chat_completions(ai, w):
    choice = ai.chat.completions.create(model="sums", messages=user("hello")).choices[0]
    assert (choice.message.content, choice.finish_reason) == ("one: hello", "stop")
    message = api.ChatMessage(role=api.ChatMessageRole.USER, content="hello")
    assert w.serving_endpoints.query("sums", messages=[message]).choices[0].message.content == "one: hello"


def test_the_sdk_queries_an_agent_with_rows(endpoints, w):
    answer = w.serving_endpoints.query("sums", dataframe_records=[{"input": user("a")}, {"input": user("b")}])
    assert [row["output"][0]["content"][0]["text"] for row in answer.predictions] == ["one: a", "one: b"]
    assert answer.served_model_name == "kitchen-ai-sums-1"


def test_an_agent_streams_events_and_chunks(ai):
    events = list(ai.responses.create(model="sums", input=user("to be or not"), stream=True))
    assert [event.delta for event in events[:-1]] == ["one: ", "to ", "be ", "or ", "not "]
    assert events[-1].item.content[0].text == "one: to be or not"
    chunks = list(ai.chat.completions.create(model="sums", messages=user("to be"), stream=True))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["one: ", "to ", "be ", None]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_chat_model_calls_tools_in_parallel(ai):
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    asked = ai.chat.completions.create(model="adder", messages=user("1 and 2, 3 and 4"), tools=[tool])
    calls = asked.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert asked.choices[0].finish_reason == "tool_calls" and asked.usage.total_tokens == 3
    plain = ai.chat.completions.create(model="adder", messages=user("1 and 2"), tools=[tool], tool_choice="none")
    assert plain.choices[0].message.content == "You said: 1 and 2"


def test_a_chat_model_streams(ai):
    chunks = ai.chat.completions.create(model="adder", messages=user("good day"), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You said: good day"


def test_an_ordinary_model_takes_rows(endpoints, w):
    assert w.serving_endpoints.query("doubler", dataframe_records=[{"x": 2}, {"x": 21}]).predictions == [4, 42]


def test_requests_run_side_by_side(ai):
    """Each agent call waits for two calls of another endpoint: handlers that held up the event loop would never end."""
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda n: ai.responses.create(model="sums", input=f"{n} and {n}").output_text, range(32))
    assert [json.loads(answer)["sums"] for answer in answers] == [[2 * n] for n in range(32)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"input": "fail"}, "RuntimeError: asked to fail"),
        ({"input": "fail", "stream": True}, "RuntimeError: asked to fail"),
        ({"input": [{"role": "nobody", "content": "x"}]}, "Invalid role"),
        ({"messages": []}, "at least one message"),
        ({"something": 1}, "send it the Responses API"),
    ],
)
def test_what_goes_wrong_in_a_model_is_told(endpoints, connected, body, told):
    answer = httpx.post(
        f"{connected.env['DATABRICKS_HOST']}/serving-endpoints/sums/invocations",
        json=body,
        headers={"Authorization": f"Bearer {connected.env['DATABRICKS_TOKEN']}"},
    )
    assert answer.status_code in (400, 500) and told in answer.json()["message"]


def test_a_model_is_told_apart_from_what_it_does_not_speak(ai):
    with pytest.raises(openai.BadRequestError, match="adder does not speak the Responses API"):
        ai.responses.create(model="adder", input="hello")


def test_logs_are_those_of_the_model(endpoints, w):
    assert "loaded models:/kitchen.ai.sums/1" in w.serving_endpoints.logs("sums", "kitchen-ai-sums-1").logs
    with pytest.raises(NotFound, match="serves no entity other"):
        w.serving_endpoints.logs("sums", "other")


def test_calls_leave_traces_only_where_the_endpoints_variables_ask_for_them(ai):
    import mlflow

    ai.chat.completions.create(model="adder", messages=user("leave none"))
    ai.responses.create(model="sums", input="leave a trace")

    experiment = mlflow.get_experiment_by_name("serving").experiment_id
    requests = eventually(
        lambda: traced_requests(experiment), lambda requests: any("leave a trace" in request for request in requests)
    )
    assert not any("leave none" in request for request in requests)


def check_traces_need_can_edit(ai, w, endpoint: str, principal: str, experiment: str) -> None:
    """A call without the permission answers and leaves a line in the log, one with it leaves a trace."""
    untraced, traced = f"{endpoint}, not traced", f"{endpoint}, traced"
    assert ai.responses.create(model=endpoint, input=untraced).output_text == f"one: {untraced}"
    eventually(
        lambda: w.serving_endpoints.logs(endpoint, "kitchen-ai-sums-1").logs,
        lambda log: f"{principal} does not have CAN_EDIT on the experiment {experiment}" in log,
    )
    allowed = AccessControlRequest(service_principal_name=principal, permission_level=PermissionLevel.CAN_EDIT)
    w.permissions.update("experiments", experiment, access_control_list=[allowed])
    ai.responses.create(model=endpoint, input=traced)
    requests = eventually(
        lambda: traced_requests(experiment), lambda found: any(traced in request for request in found)
    )
    assert not any(untraced in request for request in requests)


def traced_requests(experiment: str) -> list[str]:
    import mlflow

    return [trace.data.request for trace in mlflow.search_traces(locations=[experiment], return_type="list")]


def test_an_agents_endpoint_may_edit_the_experiment_of_its_traces_which_can_be_taken_from_it(ai, w):
    import mlflow

    experiment = mlflow.get_experiment_by_name("serving").experiment_id
    endpoint = "endpoint-sums"
    entries = w.permissions.get("experiments", experiment).access_control_list
    held = {entry.service_principal_name: entry.all_permissions[0].permission_level.value for entry in entries}
    assert held[endpoint] == "CAN_EDIT"
    assert "endpoint-adder" not in held  # no tracing is asked for

    w.permissions.set("experiments", experiment, access_control_list=[])
    check_traces_need_can_edit(ai, w, "sums", endpoint, experiment)


def test_an_endpoint_with_credentials_of_its_own_traces_as_the_principal_that_they_are_of(ai, w):
    import mlflow

    experiment = mlflow.get_experiment_by_name("serving").experiment_id
    made = w.service_principals.create(display_name="tracer")
    tracer, secret = made.application_id, w.service_principal_secrets_proxy.create(made.id).secret
    w.secrets.create_scope("agents")
    w.secrets.put_secret("agents", "client_secret", string_value=secret)
    variables = {
        "ENABLE_MLFLOW_TRACING": "true",
        "MLFLOW_EXPERIMENT_ID": experiment,
        "DATABRICKS_CLIENT_ID": tracer,
        "DATABRICKS_CLIENT_SECRET": "{{secrets/agents/client_secret}}",
    }
    w.serving_endpoints.create("signed", config=config(SUMS, environment_vars=variables)).result()
    held = w.permissions.get("experiments", experiment).access_control_list
    assert "endpoint-signed" not in [entry.service_principal_name for entry in held]
    check_traces_need_can_edit(ai, w, "signed", tracer, experiment)
    w.serving_endpoints.delete("signed")


def test_an_answer_has_the_trace_of_its_call_if_the_request_asks_for_it(ai):
    plain = ai.responses.create(model="sums", input="traced").model_dump()
    asked = ai.responses.create(
        model="sums", input="traced", extra_body={"databricks_options": {"return_trace": True}}
    ).model_dump(warnings=False)
    assert "databricks_output" not in plain
    spans = asked["databricks_output"]["trace"]["data"]["spans"]
    assert [span["name"] for span in spans] == ["predict"]
    assert "traced" in spans[0]["attributes"]["mlflow.spanInputs"]


def test_an_endpoint_counts_its_calls_and_those_that_failed(endpoints, w, connected):
    before = connected.serving.traffic("doubler")
    w.serving_endpoints.query("doubler", dataframe_records=[{"x": 2}])
    with pytest.raises(BadRequest):
        w.serving_endpoints.query("doubler", dataframe_records=[{"y": 2}])
    after = eventually(lambda: connected.serving.traffic("doubler"), lambda after: after.calls == before.calls + 2)
    assert after.errors == before.errors + 1
    assert connected.serving.card("doubler").example == {"dataframe_records": [{"x": 0}]}


@pytest.mark.parametrize(
    ("name", "model", "version", "error", "told"),
    [
        ("x", "kitchen.ai.unknown", "1", NotFound, "kitchen.ai.unknown"),
        ("x", "sums", "1", BadRequest, "all three levels"),
        ("x", SUMS, "champion", BadRequest, "entity_version must be the number"),
        ("x", SUMS, "99", NotFound, "kitchen.ai.sums/99"),
        ("a name", SUMS, "1", BadRequest, "Endpoint name 'a name'"),
        ("sums", SUMS, "1", ResourceAlreadyExists, "Endpoint sums exists"),
        ("x", None, None, BadRequest, "entity_name"),
    ],
)
def test_bad_requests_are_refused_before_anything_changes(endpoints, w, name, model, version, error, told):
    before = [endpoint.name for endpoint in w.serving_endpoints.list()]
    with pytest.raises(error, match=told):
        w.serving_endpoints.create(name, config=config(model, version))
    assert [endpoint.name for endpoint in w.serving_endpoints.list()] == before


def test_an_unknown_endpoint_is_named(ai, w):
    with pytest.raises(NotFound, match="no endpoint nowhere"):
        w.serving_endpoints.get("nowhere")
    with pytest.raises(openai.NotFoundError, match="no endpoint nowhere"):
        ai.chat.completions.create(model="nowhere", messages=user("x"))


def test_a_starting_endpoint_says_so_and_a_deleted_one_is_gone(endpoints, w, connected):
    wait = w.serving_endpoints.create("brief", config=config(ADDER))
    assert wait.response.state.ready == api.EndpointStateReady.NOT_READY
    with pytest.raises(ResourceConflict, match="brief is being updated"):
        w.serving_endpoints.update_config("brief", served_entities=config(ADDER).served_entities)
    answer = httpx.post(
        f"{connected.env['DATABRICKS_HOST']}/serving-endpoints/brief/invocations",
        json={},
        headers={"Authorization": f"Bearer {connected.env['DATABRICKS_TOKEN']}"},
    )
    assert answer.status_code == 503 and "brief is starting" in answer.json()["message"]
    w.serving_endpoints.delete("brief")
    assert "brief" not in [endpoint.name for endpoint in w.serving_endpoints.list()]
    assert not list(connected.home.run.glob("endpoint-brief*"))


def test_a_model_that_cannot_load_fails_with_its_reason(endpoints, w):
    wait = w.serving_endpoints.create("broken", config=config(SUMS, environment_vars={"PYTHONHOME": "/nowhere"}))
    with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
        wait.result()
    (entity,) = w.serving_endpoints.get("broken").config.served_entities
    assert "ended with code" in entity.state.deployment_state_message
    with pytest.raises(BadRequest, match="broken could not start its model"):
        w.serving_endpoints.query("broken", inputs=[1])
    w.serving_endpoints.delete("broken")


def test_a_model_that_imports_what_it_does_not_require_fails_though_the_workspace_has_it(endpoints, w, tmp_path):
    import mlflow

    file = tmp_path / "forgetful.py"
    file.write_text("import psutil\n" + (MODELS / "doubler.py").read_text())
    name = f"{DOUBLER}_forgetful"
    mlflow.pyfunc.log_model(
        name="forgetful",
        python_model=str(file),
        registered_model_name=name,
        signature=signatures.DOUBLER,
        pip_requirements=["mlflow"],
    )
    with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
        w.serving_endpoints.create("forgetful", config=config(name)).result()
    log = w.serving_endpoints.logs("forgetful", "kitchen-ai-doubler_forgetful-1").logs
    assert "No module named 'psutil': the workspace has it, but it is not among the requirements." in log
    w.serving_endpoints.delete("forgetful")


def test_a_new_version_takes_over_without_a_failed_request_and_a_broken_one_does_not(ai, w):
    done = threading.Event()

    def keep_asking() -> list[str]:
        said = []
        while not done.wait(0.01):
            said.append(ai.responses.create(model="sums", input="hi").output_text)
        return said

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        try:
            with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
                w.serving_endpoints.update_config_and_wait(
                    "sums",
                    served_entities=config(SUMS, "2", environment_vars={"PYTHONHOME": "/nowhere"}).served_entities,
                )
            broken = w.serving_endpoints.get("sums")
            w.serving_endpoints.update_config_and_wait("sums", served_entities=config(SUMS, "2").served_entities)
            said_last = ai.responses.create(model="sums", input="hi").output_text
        finally:
            done.set()
        heard = [future.result() for future in asking]
    assert (broken.state.ready.value, broken.config.served_entities[0].entity_version) == ("READY", "1")
    assert said_last == "two: hi"
    for said in heard:  # one version, then the other, never back
        assert said == sorted(said, key=["one: hi", "two: hi"].index) and said[0] == "one: hi"
    found = w.serving_endpoints.get("sums")
    assert found.config.served_entities[0].entity_version == "2"
    assert found.state.config_update == api.EndpointStateConfigUpdate.NOT_UPDATING


def test_a_models_own_token_opens_what_its_resources_name(endpoints, connected):
    token = principals.lasting_token(TOKEN, principals.of_endpoint("sums"))
    other = WorkspaceClient(config=Config(token=token, retry_timeout_seconds=5))
    assert other.current_user.me().user_name == "endpoint-sums"
    assert other.serving_endpoints.query("adder", messages=[api.ChatMessage("hi", role=api.ChatMessageRole.USER)])
    with pytest.raises(PermissionDenied, match="may not use the serving endpoint doubler"):
        other.serving_endpoints.query("doubler", dataframe_records=[{"x": 1}])


def test_an_endpoint_that_nobody_calls_scales_to_zero_and_starts_again_when_called(endpoints, w, connected):
    (mark,) = connected.home.run.glob("endpoint-doubler-*.pid")
    first = marks.process(connected.home, mark.stem)
    connected.serving.scale_to_zero()
    assert not has_ended(first)
    connected.clock.seconds += 1800
    w.serving_endpoints.query("sums", dataframe_records=[{"input": user("hi")}])
    connected.serving.scale_to_zero()
    assert has_ended(first)
    found = w.serving_endpoints.get("doubler")
    assert found.state.ready == api.EndpointStateReady.READY
    assert found.config.served_entities[0].state.deployment_state_message == "Scaled to zero"
    with ThreadPoolExecutor(4) as pool:  # all of them wait for one cold start
        rows = [[{"x": n}] for n in range(4)]
        answers = list(pool.map(lambda row: w.serving_endpoints.query("doubler", dataframe_records=row), rows))
    assert [answer.predictions for answer in answers] == [[0], [2], [4], [6]]
    assert w.serving_endpoints.get("sums").config.served_entities[0].state.deployment_state_message == ""


def test_a_killed_model_process_is_started_again(endpoints, w, connected):
    (mark,) = connected.home.run.glob("endpoint-doubler-*.pid")
    marks.process(connected.home, mark.stem).kill()

    for ready in (api.EndpointStateReady.NOT_READY, api.EndpointStateReady.READY):
        eventually(lambda: w.serving_endpoints.get("doubler").state.ready, ready, seconds=300)
    assert w.serving_endpoints.query("doubler", dataframe_records=[{"x": 1}]).predictions == [2]


def test_a_workspace_killed_amid_a_change_comes_back_with_one_of_both_versions(endpoints, connected, tmp_path):
    run = tmp_path / "home/run"
    with serving_process(tmp_path / "home", connected.home.root) as workspace:
        other = WorkspaceClient(config=Config(host=workspace.host, token=TOKEN, retry_timeout_seconds=60))
        other.serving_endpoints.create_and_wait("killed", config=config(SUMS, "1"))
        change = other.serving_endpoints.update_config("killed", served_entities=config(SUMS, "2").served_entities)
        assert change.response.state.config_update == api.EndpointStateConfigUpdate.IN_PROGRESS
        workspace.kill()
        workspace.start()
        found = other.serving_endpoints.wait_get_serving_endpoint_not_updating("killed")
        said = other.serving_endpoints.query("killed", dataframe_records=[{"input": user("hi")}])
        text = said.predictions[0]["output"][0]["content"][0]["text"]
        (entity,) = found.config.served_entities
        assert (entity.entity_version, text) in (("1", "one: hi"), ("2", "two: hi"))
        eventually(lambda: len(list(run.glob("endpoint-*.pid"))), 1)  # none of the killed workspace's own is left
    assert not list(run.glob("endpoint-*.pid"))
