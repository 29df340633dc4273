"""Secret scopes as the SDK and dbutils use them."""

import base64
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists

from asgi_server import Served
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import identity, secrets
from local_workspace.runtime.home import Home, open_home

TOKEN = "a-token"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return open_home(tmp_path_factory.mktemp("secrets") / "home")


@pytest.fixture(scope="module")
def w(home) -> Iterator[WorkspaceClient]:
    app = create_app(SimpleNamespace(secrets=SecretsEngine(home)), TOKEN, [identity.router, secrets.router])
    with Served(app) as host:
        yield WorkspaceClient(config=Config(host=host, token=TOKEN, auth_type="pat", retry_timeout_seconds=5))


def test_a_secret_is_written_read_listed_and_deleted(w, home):
    w.secrets.create_scope("kitchens")
    w.secrets.put_secret("kitchens", "key", string_value="süß")
    w.secrets.put_secret("kitchens", "bytes", bytes_value=base64.b64encode(b"\xff\0").decode())
    assert base64.b64decode(w.secrets.get_secret("kitchens", "key").value).decode() == "süß"
    assert w.dbutils.secrets.get("kitchens", "key") == "süß"
    assert w.dbutils.secrets.getBytes("kitchens", "bytes") == b"\xff\0"
    assert [each.key for each in w.secrets.list_secrets("kitchens")] == ["bytes", "key"]
    assert [scope.name for scope in w.secrets.list_scopes()] == ["kitchens"]
    assert (home.root / "secret_scopes.json").stat().st_mode & 0o777 == 0o600
    assert SecretsEngine(home).keys("kitchens").keys() == {"bytes", "key"}  # after a restart too

    w.secrets.delete_secret("kitchens", "key")
    with pytest.raises(NotFound, match="kitchens and key: key"):
        w.secrets.get_secret("kitchens", "key")
    w.secrets.delete_scope("kitchens")
    assert list(w.secrets.list_scopes()) == []


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda w: w.secrets.create_scope("known"), ResourceAlreadyExists, "known already exists"),
        (lambda w: w.secrets.create_scope("two words"), BadRequest, "two words"),
        (lambda w: w.secrets.put_secret("nowhere", "key", string_value="x"), NotFound, "Scope nowhere"),
        (lambda w: w.secrets.put_secret("known", "a/b", string_value="x"), BadRequest, "a/b"),
        (lambda w: w.secrets.put_secret("known", "key"), BadRequest, "one of string_value and bytes_value"),
        (lambda w: w.secrets.put_secret("known", "key", bytes_value="?"), BadRequest, "not base64"),
        (lambda w: w.secrets.put_secret("known", "key", string_value="x" * 2**18), BadRequest, "128 KB"),
        (lambda w: list(w.secrets.list_secrets("nowhere")), NotFound, "Scope nowhere"),
        (lambda w: w.secrets.delete_secret("known", "key"), NotFound, "key: key"),
    ],
)
def test_what_databricks_refuses_is_refused(w, call, error, told):
    if "known" not in [scope.name for scope in w.secrets.list_scopes()]:
        w.secrets.create_scope("known")
    with pytest.raises(error, match=told):
        call(w)
