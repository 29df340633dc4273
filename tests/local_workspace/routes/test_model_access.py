"""A service principal sees, loads and serves the registered models on which it has EXECUTE, and its own."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.catalog import Change
from local_workspace.engines.catalog.grants import GrantsEngine
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.models import ModelFiles, ModelsEngine
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import files, grants, mlflow_registry, models, serving
from local_workspace.runtime import principals
from local_workspace.runtime.home import open_home
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.store import Store
from principal_clients import clients_of

TOKEN, USER, APP = "t", "you@localhost", principals.service_principal("desk")
MODEL = "shop.ai.pricing"
UNITY, REGISTRY = "/api/2.1/unity-catalog/models", "/api/2.0/mlflow/unity-catalog"
SERVED = {"served_entities": [{"entity_name": MODEL, "entity_version": "1"}]}
READS = [
    ("GET", f"{UNITY}/{MODEL}"),
    ("GET", f"{UNITY}/{MODEL}/versions"),
    ("GET", f"{UNITY}/{MODEL}/versions/1"),
    ("GET", f"{REGISTRY}/registered-models/get?name={MODEL}"),
    ("GET", f"{REGISTRY}/model-versions/get-download-uri?name={MODEL}&version=1"),
    ("GET", f"{REGISTRY}/model-versions/search?filter=name%20%3D%20'{MODEL}'"),
    ("GET", "/api/2.0/fs/directories/Models/shop/ai/pricing/1"),
]
DETAILS = {"source": "", "run_id": "", "model_id": "", "comment": "", "tags": {}, "dependencies": []}
NEEDED = (("catalog", "shop", "USE_CATALOG"), ("schema", "shop.ai", "USE_SCHEMA"), ("function", MODEL, "EXECUTE"))


@pytest.fixture
def engines(tmp_path) -> Iterator[SimpleNamespace]:
    """A workspace with the model MODEL, of one version; `served` are the endpoints that were created."""
    home, store = open_home(tmp_path / "home"), Store(tmp_path / "store.db")
    registered = ModelsEngine(home, store, lambda _: None, USER)
    registered.create(MODEL)
    registered.create_version(MODEL, DETAILS)
    find = dict.fromkeys(("catalog", "schema"), lambda name: {"full_name": name, "created_at": 1})
    grants = GrantsEngine(SparkNotes(home, store, USER), {**find, "function": registered.get})
    served: list[str] = []
    yield SimpleNamespace(
        models=registered,
        model_files=ModelFiles(registered, PartialFiles(home.root / "uploads.partial")),
        unity=SimpleNamespace(grants=grants),
        served=served,
        secrets=SecretsEngine(home, store),
        serving=SimpleNamespace(
            create=lambda name, *_: served.append(name) or {"id": name},
            update=lambda name, _: served.append(name) or {"id": name},
            get=lambda name: {"id": name},
            traced_agent=lambda _: None,
        ),
        permissions=PermissionsEngine(store, USER, {"serving-endpoints": lambda _: None}, principals.UNLISTED.is_known),
    )
    store.close()


@pytest.fixture
def client(engines) -> Callable[[str], TestClient]:
    routers = [models.router, mlflow_registry.router, files.router, serving.router, grants.router]
    app = create_app(engines, TOKEN, routers)
    return clients_of(app)


@pytest.fixture
def app(client) -> TestClient:
    return client(principals.access_token(TOKEN, APP))


def grant(engines, principal: str, *needed: tuple[str, str, str]) -> None:
    for kind, name, privilege in needed:
        engines.unity.grants.update(kind, name, [Change(principal, [privilege])])


@pytest.mark.parametrize(("method", "path"), READS)
def test_a_model_is_read_with_execute_and_not_without(engines, app, client, method, path):
    answer = app.request(method, path)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert client(TOKEN).request(method, path).status_code == 200
    grant(engines, APP, *NEEDED)
    assert app.request(method, path).status_code == 200


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_the_error_names_the_privilege_that_is_missing(engines, app, missing):
    grant(engines, APP, *NEEDED[:missing], *NEEDED[missing + 1 :])
    told = ("USE CATALOG on Catalog 'shop'", "USE SCHEMA on Schema 'shop.ai'", f"EXECUTE on Routine or Model '{MODEL}'")
    message = app.get(f"{UNITY}/{MODEL}").json()["message"]
    assert message == f"User does not have {told[missing]}. It is {APP}."


def test_what_all_have_on_the_catalog_is_enough(engines, app):
    grant(engines, "account users", ("catalog", "shop", "ALL_PRIVILEGES"))
    assert app.get(f"{UNITY}/{MODEL}").status_code == 200


def test_the_owner_needs_no_privilege(engines, app):
    engines.models.update(MODEL, None, APP)
    assert app.get(f"{UNITY}/{MODEL}").status_code == 200


def test_administrators_and_the_owner_grant_and_nobody_else(engines, app, client):
    path = f"/api/2.1/unity-catalog/permissions/function/{MODEL}"
    change = {"json": {"changes": [{"principal": APP, "add": ["EXECUTE"]}]}}
    answer = app.patch(path, **change)
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        f"User does not have MANAGE on '{MODEL}'. It is {APP}.",
    )
    assert client(TOKEN).patch(path, **change).status_code == 200
    engines.models.update(MODEL, None, APP)
    assert app.patch(path, **change).status_code == 200


def test_listings_leave_out_what_the_caller_may_not_use(engines, app, client):
    for path in (UNITY, f"{REGISTRY}/registered-models/search"):
        assert app.get(path).json()["registered_models"] == []
        assert len(client(TOKEN).get(path).json()["registered_models"]) == 1
    grant(engines, APP, *NEEDED)
    assert len(app.get(UNITY).json()["registered_models"]) == 1


def test_a_model_is_served_with_execute_and_not_without(engines, app):
    new = {"name": "prices", "config": SERVED}
    for method, path, body in (
        ("POST", "/api/2.0/serving-endpoints", new),
        ("PUT", "/api/2.0/serving-endpoints/prices/config", SERVED),
    ):
        answer = app.request(method, path, json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert engines.served == []
    grant(engines, APP, *NEEDED)
    assert app.post("/api/2.0/serving-endpoints", json=new).status_code == 200
    assert engines.served == ["prices"]


def test_a_model_that_is_not_there_is_a_404_for_a_service_principal_too(app):
    assert app.get(f"{UNITY}/shop.ai.nothing").status_code == 404
