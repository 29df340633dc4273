"""Secret scopes as the SDK and dbutils use them."""

import base64
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission

from asgi_server import Served
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import identity, secrets
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN, USER = "a-token", "you@localhost"
CLIENTS = ("cook", "waiter")  # service principals


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return open_home(tmp_path_factory.mktemp("secrets") / "home")


@pytest.fixture(scope="module")
def store(home) -> Iterator[Store]:
    held = Store(home.database)
    yield held
    held.close()


@pytest.fixture(scope="module")
def engine(home, store) -> SecretsEngine:
    return SecretsEngine(home, store)


@pytest.fixture(scope="module")
def client(engine, store) -> Iterator[Callable[[str], WorkspaceClient]]:
    """Makes a client that shows the given token."""
    engines = SimpleNamespace(secrets=engine, user=USER, identity=identity_of(store, USER, *CLIENTS))
    with Served(create_app(engines, TOKEN, [identity.router, secrets.router])) as host:
        yield lambda token: WorkspaceClient(
            config=Config(host=host, token=token, auth_type="pat", retry_timeout_seconds=5)
        )


@pytest.fixture(scope="module")
def w(client) -> WorkspaceClient:
    return client(TOKEN)


@pytest.fixture
def cook(client) -> WorkspaceClient:
    return client(principals.access_token(TOKEN, "cook"))


@pytest.fixture
def waiter(client) -> WorkspaceClient:
    return client(principals.access_token(TOKEN, "waiter"))


def test_a_secret_is_written_read_listed_and_deleted(w, home, store):
    w.secrets.create_scope("kitchens")
    w.secrets.put_secret("kitchens", "key", string_value="süß")
    w.secrets.put_secret("kitchens", "bytes", bytes_value=base64.b64encode(b"\xff\0").decode())
    assert base64.b64decode(w.secrets.get_secret("kitchens", "key").value).decode() == "süß"
    assert w.dbutils.secrets.get("kitchens", "key") == "süß"
    assert w.dbutils.secrets.getBytes("kitchens", "bytes") == b"\xff\0"
    assert [each.key for each in w.secrets.list_secrets("kitchens")] == ["bytes", "key"]
    assert [scope.name for scope in w.secrets.list_scopes()] == ["kitchens"]
    assert (home.root / "secret_scopes.json").stat().st_mode & 0o777 == 0o600
    assert SecretsEngine(home, store).keys("kitchens").keys() == {"bytes", "key"}  # after a restart too

    w.secrets.delete_secret("kitchens", "key")
    with pytest.raises(NotFound, match="kitchens and key: key"):
        w.secrets.get_secret("kitchens", "key")
    w.secrets.delete_scope("kitchens")
    assert list(w.secrets.list_scopes()) == []


@pytest.mark.parametrize("value", ["", "x" * 2**17, "é" * 2**16])
def test_a_secret_has_up_to_128_kilobytes(w, value):
    w.secrets.create_scope("long")
    w.secrets.put_secret("long", "key", string_value=value)
    assert base64.b64decode(w.secrets.get_secret("long", "key").value).decode() == value
    w.secrets.delete_scope("long")


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda w: w.secrets.create_scope("known"), ResourceAlreadyExists, "known already exists"),
        (lambda w: w.secrets.create_scope("two words"), BadRequest, "two words"),
        (lambda w: w.secrets.put_secret("nowhere", "key", string_value="x"), NotFound, "Scope nowhere"),
        (lambda w: w.secrets.put_secret("known", "a/b", string_value="x"), BadRequest, "a/b"),
        (lambda w: w.secrets.put_secret("known", "key"), BadRequest, "one of string_value and bytes_value"),
        (lambda w: w.secrets.put_secret("known", "key", bytes_value="?"), BadRequest, "not base64"),
        (lambda w: w.secrets.put_secret("known", "key", string_value="x" * (2**17 + 1)), BadRequest, "128 KB"),
        (lambda w: list(w.secrets.list_secrets("nowhere")), NotFound, "Scope nowhere"),
        (lambda w: w.secrets.delete_secret("known", "key"), NotFound, "key: key"),
    ],
)
def test_what_databricks_refuses_is_refused(w, call, error, told):
    if "known" not in [scope.name for scope in w.secrets.list_scopes()]:
        w.secrets.create_scope("known")
    with pytest.raises(error, match=told):
        call(w)


READS = [lambda w: w.secrets.get_secret("shared", "key"), lambda w: list(w.secrets.list_secrets("shared"))]
WRITES = [
    lambda w: w.secrets.put_secret("shared", "new", string_value="x"),
    lambda w: w.secrets.delete_secret("shared", "new"),
]
MANAGES = [
    lambda w: w.secrets.put_acl("shared", "users", AclPermission.READ),
    lambda w: w.secrets.get_acl("shared", "users"),
    lambda w: w.secrets.delete_acl("shared", "users"),
    lambda w: list(w.secrets.list_acls("shared")),
    lambda w: w.secrets.delete_scope("shared"),
]


@pytest.fixture
def shared(cook) -> Iterator[str]:
    """A scope that the cook has made."""
    cook.secrets.create_scope("shared")
    cook.secrets.put_secret("shared", "key", string_value="salt")
    yield "shared"
    if "shared" in [scope.name for scope in cook.secrets.list_scopes()]:
        cook.secrets.delete_scope("shared")


@pytest.mark.parametrize(
    ("level", "allowed", "refused"),
    [
        (None, [], {"READ": READS, "WRITE": WRITES, "MANAGE": MANAGES}),
        (AclPermission.READ, READS, {"WRITE": WRITES, "MANAGE": MANAGES}),
        (AclPermission.WRITE, READS + WRITES, {"MANAGE": MANAGES}),
        (AclPermission.MANAGE, READS + WRITES + MANAGES, {}),
    ],
)
def test_what_a_level_allows(shared, cook, waiter, level, allowed, refused):
    if level:
        cook.secrets.put_acl(shared, "waiter", level)
    for missing, calls in refused.items():
        for call in calls:
            with pytest.raises(PermissionDenied, match=f"waiter does not have {missing} permission on scope shared"):
                call(waiter)
    for call in allowed:
        call(waiter)


def test_a_scope_is_its_makers_alone_and_administrators(shared, cook, w, waiter):
    assert [(each.principal, each.permission) for each in cook.secrets.list_acls(shared)] == [
        ("cook", AclPermission.MANAGE)
    ]
    assert "shared" in [scope.name for scope in waiter.secrets.list_scopes()]
    w.secrets.put_acl(shared, "waiter", AclPermission.READ)
    assert waiter.dbutils.secrets.get(shared, "key") == "salt"
    w.secrets.delete_acl(shared, "waiter")
    with pytest.raises(PermissionDenied):
        waiter.secrets.get_secret(shared, "key")


def test_all_users_may_manage_a_scope_that_is_made_for_them(w, waiter):
    w.secrets.create_scope("everybodys", initial_manage_principal="users")
    assert [each.as_dict() for each in waiter.secrets.list_acls("everybodys")] == [
        {"permission": "MANAGE", "principal": "users"}
    ]
    waiter.secrets.delete_scope("everybodys")


def test_a_new_scope_of_the_same_name_has_no_permissions_of_the_old(shared, cook, waiter, w):
    cook.secrets.put_acl(shared, "waiter", AclPermission.MANAGE)
    cook.secrets.delete_scope(shared)
    w.secrets.create_scope(shared)
    try:
        with pytest.raises(PermissionDenied):
            waiter.secrets.get_secret(shared, "key")
    finally:
        w.secrets.delete_scope(shared)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda w: w.secrets.put_acl("shared", "nobody", AclPermission.READ), BadRequest, "service principal nobody"),
        (lambda w: w.secrets.get_acl("shared", "waiter"), NotFound, "waiter has no permission on scope shared"),
        (lambda w: w.secrets.delete_acl("shared", "waiter"), NotFound, "waiter has no permission"),
        (lambda w: w.secrets.put_acl("nowhere", "waiter", AclPermission.READ), NotFound, "Scope nowhere"),
        (lambda w: list(w.secrets.list_acls("nowhere")), NotFound, "Scope nowhere"),
        (lambda w: w.secrets.create_scope("for-one", initial_manage_principal="waiter"), BadRequest, "users"),
    ],
)
def test_permissions_that_databricks_refuses_are_refused(shared, cook, call, error, told):
    with pytest.raises(error, match=told):
        call(cook)


def test_permissions_end_with_the_principal(shared, cook, waiter, engine):
    cook.secrets.put_acl(shared, "waiter", AclPermission.READ)
    engine.acls.revoke("waiter")
    with pytest.raises(NotFound):
        cook.secrets.get_acl(shared, "waiter")


def test_who_refers_to_a_secret_must_be_able_to_read_it(shared, engine):
    text = '{"key": "{{secrets/shared/key}}"}'
    engine.check_references(text, "cook")
    engine.check_references(text, None)
    with pytest.raises(ApiError, match="waiter does not have READ permission on scope shared"):
        engine.check_references(text, "waiter")
