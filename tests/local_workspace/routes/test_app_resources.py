"""An app's service principal has what the app's resources say."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from local_workspace.engines.catalog.grants import GrantsEngine
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.permissions import PermissionsEngine
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
    permissions = PermissionsEngine(store, USER, {"experiments": found}, principals.UNLISTED.is_known)
    engines = SimpleNamespace(permissions=permissions, unity=SimpleNamespace(grants=grants))
    yield SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(engines=engines)))
    store.close()


def resources(**fields: object) -> list[Resource]:
    return [Resource(name="it", **fields)]


def test_an_experiment_gives_its_level(request_):
    permissions = request_.app.state.engines.permissions
    with pytest.raises(ApiError, match=f"{APP} does not have CAN_EDIT on the experiment 7"):
        permissions.check("experiments", "7", APP, "CAN_EDIT")
    app_resources.grant(request_, "desk", resources(experiment={"experiment_id": "7", "permission": "CAN_EDIT"}))
    permissions.check("experiments", "7", APP, "CAN_EDIT")


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
        {"uc_securable": MODEL | {"securable_full_name": "shop.ai.nothing"}},
    ],
)
def test_what_is_not_there_is_refused(request_, fields):
    with pytest.raises(ApiError, match="does not exist"):
        app_resources.check(request_, resources(**fields))
