"""An app's service principal has what the app's resources say."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from local_workspace.engines.catalog.grants import GrantsEngine
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.routes import app_resources
from local_workspace.routes.app_bodies import Resource
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.home import open_home
from local_workspace.runtime.principals import service_principal
from local_workspace.runtime.store import Store

USER, APP = "you@localhost", service_principal("desk")
MODEL = {"securable_full_name": "shop.ai.pricing", "securable_type": "FUNCTION", "permission": "EXECUTE"}


def found(name: str) -> dict[str, object]:
    if "nothing" in name:
        raise not_found(f"{name} does not exist")
    return {"full_name": name, "created_at": 1}


@pytest.fixture
def request_(tmp_path) -> Iterator[SimpleNamespace]:
    home, store = open_home(tmp_path / "home"), Store(tmp_path / "store.db")
    grants = GrantsEngine(SparkNotes(home, store, USER), dict.fromkeys(("catalog", "schema", "function"), found))
    kinds = dict.fromkeys(("experiments", "jobs", "sql/warehouses", "serving-endpoints"), found)
    permissions = PermissionsEngine(store, USER, kinds, principals.UNLISTED.is_known)
    secrets = SecretsEngine(home, store)
    secrets.create_scope("keys", USER)
    engines = SimpleNamespace(
        permissions=permissions,
        unity=SimpleNamespace(grants=grants),
        secrets=secrets,
        serving=SimpleNamespace(get=lambda name: {"id": f"id of {name}"}),
    )
    state = SimpleNamespace(principal=None)
    yield SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(engines=engines)), state=state)
    store.close()


def resources(**fields: object) -> list[Resource]:
    return [Resource(name="it", **fields)]


def test_an_experiment_gives_its_level(request_):
    permissions = request_.app.state.engines.permissions
    with pytest.raises(ApiError, match=f"{APP} does not have CAN_EDIT on the experiment 7"):
        permissions.check("experiments", "7", APP, "CAN_EDIT")
    app_resources.grant(request_, "desk", resources(experiment={"experiment_id": "7", "permission": "CAN_EDIT"}))
    permissions.check("experiments", "7", APP, "CAN_EDIT")


OBJECTS = [
    ({"sql_warehouse": {"id": "7", "permission": "CAN_USE"}}, "sql/warehouses", "7", "CAN_USE"),
    ({"job": {"id": "7", "permission": "CAN_MANAGE_RUN"}}, "jobs", "7", "CAN_MANAGE_RUN"),
    ({"serving_endpoint": {"name": "a", "permission": "CAN_QUERY"}}, "serving-endpoints", "id of a", "CAN_QUERY"),
]


@pytest.mark.parametrize(("fields", "kind", "thing", "level"), OBJECTS)
def test_a_warehouse_a_job_and_an_endpoint_give_their_levels(request_, fields, kind, thing, level):
    permissions = request_.app.state.engines.permissions
    assert not permissions.may(kind, thing, APP)
    app_resources.grant(request_, "desk", resources(**fields))
    permissions.check(kind, thing, APP, level)


@pytest.mark.parametrize("fields", [fields for fields, *_ in OBJECTS])
def test_nobody_gives_an_app_what_they_do_not_manage(request_, fields):
    request_.state.principal = "ana@example.com"
    with pytest.raises(ApiError, match=r"ana@example\.com does not have"):
        app_resources.check(request_, resources(**fields))


def test_a_secret_gives_the_level_on_its_scope(request_):
    secrets = request_.app.state.engines.secrets
    secret = {"secret": {"scope": "keys", "key": "k", "permission": "WRITE"}}
    app_resources.check(request_, resources(**secret))
    app_resources.grant(request_, "desk", resources(**secret))
    secrets.check("keys", APP, "WRITE")
    request_.state.principal = "ana@example.com"
    with pytest.raises(ApiError, match="does not have MANAGE permission on scope keys"):
        app_resources.check(request_, resources(**secret))


def test_a_model_gives_execute_and_what_that_needs_above_it(request_):
    grants = request_.app.state.engines.unity.grants
    with pytest.raises(ApiError, match="does not have USE CATALOG on Catalog 'shop'"):
        grants.check_execute("shop.ai.pricing", APP)
    app_resources.grant(request_, "desk", resources(uc_securable=MODEL))
    grants.check_execute("shop.ai.pricing", APP)


@pytest.mark.parametrize(
    "fields",
    [
        {"experiment": {"experiment_id": "nothing", "permission": "CAN_READ"}},
        {"sql_warehouse": {"id": "nothing", "permission": "CAN_USE"}},
        {"secret": {"scope": "nothing", "key": "k"}},
        {"uc_securable": MODEL | {"securable_full_name": "shop.ai.nothing"}},
    ],
)
def test_what_is_not_there_is_refused(request_, fields):
    with pytest.raises(ApiError, match="does not exist"):
        app_resources.check(request_, resources(**fields))
