"""Requests to model serving that make no sense, and what is kept of those that do."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.http.server import create_app
from local_workspace.routes import serving
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from model_workspace import TOKEN, any_model
from refusals import LONG, WHOLE_BODIES, refused, refused_as_openai
from waiting import eventually

API = "/api/2.0/serving-endpoints"
LIMITS = "/api/local/serving-endpoints/known/limits"
ASK = "/serving-endpoints/known/invocations"
CHAT = "/serving-endpoints/chat/completions"
OPENAI = {"openai_api_base": "http://127.0.0.1:1/v1"}
EXTERNAL = {"name": "big", "task": "llm/v1/chat", "provider": "openai", "openai_config": OPENAI}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    home = open_home(tmp_path_factory.mktemp("serving") / "home")
    store = Store(home.database)
    engine = ServingEngine(home, store, Processes(home), any_model(), SecretsEngine(home, store), {})
    app = create_app(SimpleNamespace(serving=engine), TOKEN, [serving.router])
    with TestClient(
        app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False
    ) as client:
        made = client.post(API, json={"name": "known", "config": config(external_model=EXTERNAL)})
        assert made.status_code == 200, made.text
        eventually(lambda: client.get(f"{API}/known").json()["state"]["ready"], lambda ready: ready == "READY")
        yield client
    engine.stop()
    store.close()


def config(**entity: object) -> dict:
    return {"served_entities": [entity]}


def external(**fields: object) -> dict:
    return config(external_model=EXTERNAL | fields)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", API), ("PUT", f"{API}/known/config"), ("PUT", f"{API}/known/ai-gateway"), ("PUT", LIMITS)],
)
@pytest.mark.parametrize("body", WHOLE_BODIES)
def test_a_body_is_an_object(client, method, path, body):
    refused(client.request(method, path, json=body), "The request's body: ")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"served_entities": "x"}, "served_entities: "),
        ({"served_entities": {}}, "served_entities: "),
        ({"served_entities": ["x"]}, "served_entities.0: "),
        ({}, "served_entities must hold exactly one entity"),
        (config(name=5), "served_entities.0.name: "),
        (config(name="a\nb"), "served_entities.0.name: "),
        (config(entity_name=5, entity_version="1"), "served_entities.0.entity_name: "),
        (config(entity_name="m", entity_version=[]), "served_entities.0.entity_version"),
        (config(entity_name="m"), "entity_name and entity_version"),
        (config(environment_vars="x"), "served_entities.0.environment_vars: "),
        (config(environment_vars={"A": 1}), "served_entities.0.environment_vars.A: "),
        (config(external_model="x"), "served_entities.0.external_model: "),
        (external(name=5), "served_entities.0.external_model.name: "),
        (external(task=None), "a name and a task"),
        (external(provider="other"), "external_model.provider 'other'"),
        (external(openai_config="x"), "served_entities.0.external_model.openai_config: "),
        (external(openai_config={"openai_api_base": 5}), "openai_config.openai_api_base: "),
        (external(openai_config={"openai_api_base": "http://["}), "'http://[' is not an http or https URL"),
        (external(openai_config={"openai_api_base": "http://a:b"}), "'http://a:b' is not an http or https URL"),
        (external(openai_config={"openai_api_key_plaintext": "a\nb"}), "openai_config.openai_api_key_plaintext: "),
        (external(provider="custom", custom_provider_config={"api_key_auth": {}}), "api_key_auth.key is missing"),
    ],
)
def test_a_config_that_makes_no_sense(client, sent, field):
    refused(client.put(f"{API}/known/config", json=sent), field)
    refused(client.post(API, json={"name": "new", "config": sent}), field)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": 5}, "name: "),
        ({"name": ""}, "name: "),
        ({"name": LONG}, "name: "),
        ({"name": "a b"}, "Endpoint name 'a b'"),
        ({"config": "x"}, "config: "),
        ({"tags": "x"}, "tags: "),
        ({"tags": ["x"]}, "tags.0: "),
        ({"tags": [{"value": "x"}]}, "tags.0.key is missing"),
        ({"tags": [{"key": "k", "value": 5}]}, "tags.0.value: "),
        ({"description": 5}, "description: "),
        ({"ai_gateway": []}, "ai_gateway: "),
        ({"ai_gateway": {"rate_limits": "x"}}, "ai_gateway.rate_limits: "),
        ({"rate_limits": [{"calls": 1}]}, "rate_limits: a local workspace does not support this field; leave it out."),
        ({"route_optimized": True}, "route_optimized: "),
        ({"telemetry_config": {}}, "telemetry_config: "),
        ({"config": {"served_models": []}}, "config.served_models: "),
        ({"config": {"auto_capture_config": {}}}, "config.auto_capture_config: "),
    ],
)
def test_an_endpoint_that_makes_no_sense(client, fields, named):
    refused(client.post(API, json={"name": "new", "config": external()} | fields), named)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"rate_limits": {}}, "rate_limits: "),
        ({"rate_limits": ["x"]}, "rate_limits.0: "),
        ({"rate_limits": [{"calls": "5", "renewal_period": "minute"}]}, "rate_limits.0.calls: "),
        ({"rate_limits": [{"calls": 10**30, "renewal_period": "minute"}]}, "rate_limits.0.calls: "),
        ({"rate_limits": [{"calls": 0, "renewal_period": "minute"}]}, "rate_limits: "),
        ({"rate_limits": [{"calls": 1, "renewal_period": []}]}, "rate_limits.0.renewal_period: "),
        ({"usage_tracking_config": "x"}, "usage_tracking_config: "),
        ({"guardrails": {"input": {}}}, "guardrails: "),
    ],
)
def test_a_gateway_that_makes_no_sense(client, settings, field):
    refused(client.put(f"{API}/known/ai-gateway", json=settings), field)


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ('{"timeout_seconds": 0}', "timeout_seconds: "),
        ('{"timeout_seconds": 1e999}', "finite numbers"),
        ('{"max_calls": "many"}', "max_calls: "),
        ('{"run": "\\ud800"}', "lone surrogates"),
        ('{"other": 1}', "other: "),
    ],
)
def test_limits_that_make_no_sense(client, limits, field):
    refused(client.put(LIMITS, content=limits, headers={"Content-Type": "application/json"}), field)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"extra_params": "x"}, "extra_params: "),
        ({"extra_params": ["x"]}, "extra_params: "),
        ({"extra_params": {"stream_options": 5}}, "stream_options: "),
        ({"stream": True, "stream_options": "x"}, "stream_options: "),
        ({"stream": "yes"}, "stream: "),
        ({"messages": "x"}, "messages: "),
        ({"messages": {}}, "messages: "),
        ({"messages": ["x"]}, "messages.0: "),
    ],
)
def test_a_request_to_an_external_model_that_makes_no_sense(client, sent, field):
    body = {"messages": [{"role": "user", "content": "a"}]} | sent
    refused(client.post(ASK, json=body), field)
    refused_as_openai(client.post(CHAT, json={"model": "known"} | body), field)


@pytest.mark.parametrize(
    "content", ["5", "[]", "x", '"x"', "", "[" * 100_000, '{"a": 1e999}', "\xff".encode("latin-1")]
)
def test_what_is_no_json_object_is_no_request(client, content):
    refused(client.post(ASK, content=content), "equest")
    refused_as_openai(client.post(CHAT, content=content), "equest")


@pytest.mark.parametrize("model", [5, None, "", ["known"]])
def test_a_request_in_openais_form_names_its_endpoint(client, model):
    refused_as_openai(client.post(CHAT, json={"model": model, "messages": []}), "model: ")


@pytest.mark.parametrize("name", [LONG, "a%00b"])
@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", API + "/{}", "name: "),
        ("DELETE", API + "/{}", "name: "),
        ("GET", API + "/known/served-models/{}/logs", "served_entity: "),
        ("GET", "/api/local/serving-endpoints/{}/usage", "name: "),
        ("POST", "/serving-endpoints/{}/invocations", "name: "),
        ("POST", "/serving-endpoints/{}", "operation: "),
    ],
)
def test_a_path_that_makes_no_sense(client, method, path, field, name):
    refused(client.request(method, path.format(name)), field)


def test_fields_that_a_local_workspace_does_not_know_are_kept(client):
    entity = {"name": "big", "workload_size": "Small", "external_model": EXTERNAL}
    made = {"name": "kept", "config": {"served_entities": [entity]}, "tags": [{"key": "k", "since": 1}]}
    client.post(API, json=made).raise_for_status()
    found = eventually(lambda: client.get(f"{API}/kept").json(), lambda shown: shown["state"]["ready"] == "READY")
    assert entity.items() <= found["config"]["served_entities"][0].items()
    assert found["tags"] == made["tags"]


def test_a_gateways_settings_come_back_as_they_were_sent(client):
    settings = {"rate_limits": [{"calls": 5, "renewal_period": "minute"}], "usage_tracking_config": {"enabled": True}}
    assert client.put(f"{API}/known/ai-gateway", json=settings).json() == settings
    assert client.get(f"{API}/known").json()["ai_gateway"] == settings
