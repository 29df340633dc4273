"""A service principal writes to the experiments on which it has CAN_EDIT, and reads with CAN_READ."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import mlflow_access
from local_workspace.runtime import principals
from local_workspace.runtime.permissions import of_principal
from local_workspace.runtime.store import Store
from principal_clients import clients_of

TOKEN, USER, APP = "t", "you@localhost", principals.service_principal("desk")
TRACE = {"trace": {"trace_info": {"trace_location": {"mlflow_experiment": {"experiment_id": "7"}}}}}
WRITES = [
    ("POST", "/api/3.0/mlflow/traces", {"json": TRACE}),
    ("POST", "/v1/traces", {"content": b"spans", "headers": {"x-mlflow-experiment-id": "7"}}),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/7/traces/tr-1/artifacts/traces.json", {"content": b"{}"}),
    ("PUT", "/mlflow/ajax-api/2.0/mlflow-artifacts/artifacts/7/r/artifacts/a", {"content": b"a"}),
    ("POST", "/api/2.0/mlflow/runs/create", {"json": {"experiment_id": 7}}),
    *(
        (
            "POST",
            f"{prefix}/mlflow/runs/create",
            {"content": b'{"experiment_id": 7}', "headers": {"content-type": media}},
        )
        for prefix in ("/api/2.0", "/ajax-api/2.0", "/mlflow/ajax-api/2.0")
        for media in ("Application/JSON", "application/json ; charset=utf-8", "text/plain")
    ),
]
READS = [
    (
        "POST",
        "/api/3.0/mlflow/traces/search",
        {"json": {"locations": [TRACE["trace"]["trace_info"]["trace_location"]]}},
    ),
    ("POST", "/api/2.0/mlflow/runs/search", {"json": {"experiment_ids": ["7"]}}),
    ("GET", "/api/2.0/mlflow/metrics/get-history", {"params": {"experiment_id": "7"}}),
]
OTHERS = [
    ("GET", "/api/2.0/mlflow/experiments/get", {"params": {"experiment_id": "7"}}),
    ("GET", "/api/3.0/mlflow/traces/tr-1", {}),
    ("POST", "/api/2.0/mlflow/runs/log-metric", {"json": {"run_id": "r", "key": "k", "value": 1}}),
    (
        "POST",
        "/api/2.0/mlflow/runs/log-batch",
        {"content": b"no JSON", "headers": {"content-type": "application/json"}},
    ),
]


@pytest.fixture
def permissions(tmp_path) -> Iterator[PermissionsEngine]:
    store = Store(tmp_path / "store.db")
    yield PermissionsEngine(store, USER, {"experiments": lambda _: None}, principals.UNLISTED.is_known)
    store.close()


@pytest.fixture
def client(permissions) -> Callable[[str], TestClient]:
    router = APIRouter()

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
    async def anything(request: Request) -> dict[str, int]:
        await mlflow_access.check(request)
        return {"bytes": len(await request.body())}

    app = create_app(SimpleNamespace(permissions=permissions), TOKEN, [router])
    return clients_of(app)


@pytest.fixture
def app(client) -> TestClient:
    return client(principals.access_token(TOKEN, APP))


@pytest.mark.parametrize(
    ("level", "request_", "status"),
    [
        *((None, each, 403) for each in WRITES + READS),
        *(("CAN_READ", each, 403) for each in WRITES),
        *(("CAN_READ", each, 200) for each in READS),
        *(("CAN_EDIT", each, 200) for each in WRITES + READS),
        *(("CAN_MANAGE", each, 200) for each in WRITES),
        *((None, each, 200) for each in OTHERS),
    ],
)
def test_what_a_level_allows(permissions, app, level, request_, status):
    method, path, details = request_
    if level:
        permissions.add("experiments", "7", [of_principal(APP, level)])
    answer = app.request(method, path, **details)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["bytes"] == len(answer.request.content)


def test_what_all_users_have_a_service_principal_has_and_the_user_needs_nothing(permissions, app, client):
    method, path, details = WRITES[0]
    refused = app.request(method, path, **details).json()
    assert refused["message"].startswith(f"{APP} does not have CAN_EDIT on the experiment 7.")
    assert client(TOKEN).request(method, path, **details).status_code == 200
    permissions.add("experiments", "7", [{"kind": "group_name", "name": "users", "level": "CAN_EDIT"}])
    assert app.request(method, path, **details).status_code == 200
