"""What the service principal of a served model may ask for."""

from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient

from local_workspace.engines.serving.access import Resources
from local_workspace.http.server import create_app
from local_workspace.runtime import principals

TOKEN = "a-token"
NAMED = Resources(
    frozenset({"llm"}), frozenset({"w-1"}), frozenset({"cat.ai.get_order"}), frozenset({"cat.gold.orders"})
)
STATEMENT = {"warehouse_id": "w-1", "statement": "SELECT * FROM cat.gold.orders"}


@pytest.fixture(scope="module")
def app():
    router = APIRouter()

    @router.api_route("/{path:path}", methods=["GET", "POST"])
    async def anything(request: Request) -> dict[str, str]:
        return {"principal": request.state.principal or "the user", "body": (await request.body()).decode()}

    serving = SimpleNamespace(resources=lambda name: NAMED if name == "agent" else Resources())
    return create_app(SimpleNamespace(serving=serving), TOKEN, [router])


def client(app, token: str) -> TestClient:
    return TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def model(app) -> TestClient:
    return client(app, principals.lasting_token(TOKEN, principals.of_endpoint("agent")))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/serving-endpoints/llm/invocations", {"messages": []}),
        ("POST", "/serving-endpoints/chat/completions", {"model": "llm"}),
        ("GET", "/api/2.0/serving-endpoints/llm", None),
        ("POST", "/api/2.0/sql/statements", STATEMENT),
        ("GET", "/api/2.0/sql/statements/its-id/result/chunks/1", None),
        ("GET", "/api/2.0/sql/warehouses/w-1", None),
        ("GET", "/api/2.1/unity-catalog/functions/cat.ai.get_order", None),
        ("POST", "/api/3.0/mlflow/traces", {}),
        ("GET", "/api/2.0/preview/scim/v2/Me", None),
    ],
)
def test_what_the_model_names_reaches_its_route_whole(model, method, path, body):
    answer = model.request(method, path, json=body)
    assert (answer.status_code, answer.json()["principal"]) == (200, "endpoint-agent")
    assert bool(answer.json()["body"]) == (body is not None)


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("POST", "/serving-endpoints/other/invocations", {}, "the serving endpoint other"),
        ("POST", "/serving-endpoints/chat/completions", {"model": "other"}, "the serving endpoint other"),
        ("POST", "/serving-endpoints/responses", [], "the serving endpoint None"),
        ("POST", "/api/2.0/sql/statements", STATEMENT | {"warehouse_id": "w-2"}, "the SQL warehouse w-2"),
        ("POST", "/api/2.0/sql/statements", STATEMENT | {"statement": "SELECT * FROM x"}, "the table x"),
        ("GET", "/api/2.1/unity-catalog/tables/cat.gold.customers", None, "the table cat.gold.customers"),
        ("GET", "/api/2.1/unity-catalog/catalogs", None, "GET /api/2.1/unity-catalog/catalogs"),
        ("GET", "/api/2.0/mlflow/unity-catalog/registered-models/search", None, "registered-models/search"),
        ("POST", "/api/2.2/jobs/create", {}, "POST /api/2.2/jobs/create"),
        ("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "1"}, "POST /api/2.0/mlflow/runs/create"),
    ],
)
def test_what_it_does_not_name_is_refused_in_a_sentence(model, method, path, body, wanted):
    answer = model.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert f"endpoint agent may not use {wanted}" in answer.json()["message"] or wanted in answer.json()["message"]


def test_a_model_that_names_nothing_reaches_nothing(app):
    other = client(app, principals.lasting_token(TOKEN, principals.of_endpoint("deleted")))
    assert other.post("/serving-endpoints/llm/invocations", json={}).status_code == 403


def test_the_user_and_an_app_are_not_limited_by_it(app):
    assert client(app, TOKEN).get("/api/2.1/unity-catalog/catalogs").status_code == 200
    of_app = principals.access_token(TOKEN, principals.service_principal("orders"))
    assert client(app, of_app).get("/api/2.1/unity-catalog/catalogs").status_code == 200
