"""OAuth secrets of service principals, with the SDK, and the sign-in with them."""

import time
from types import SimpleNamespace

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied

from asgi_server import Served
from local_workspace.http.server import create_app
from local_workspace.routes import identity, principal_secrets, scim
from local_workspace.runtime import principals
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN, OWNER, APP = "a-token", "you@localhost", "app-desk"


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "workspace.db"
    store = Store(path)
    engines = SimpleNamespace(user=OWNER, identity=identity_of(store, OWNER, APP))
    routers = [each.router for each in (identity, principal_secrets, scim)]
    with Served(create_app(engines, TOKEN, routers)) as host:
        config = Config(host=host, token=TOKEN, auth_type="pat", retry_timeout_seconds=5)
        yield SimpleNamespace(host=host, w=WorkspaceClient(config=config), path=path)
    store.close()


@pytest.fixture
def w(place):
    return place.w


@pytest.fixture
def machine(w):
    return w.service_principals.create(display_name="exporter")


def sign_in(place, client_id, client_secret) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return httpx.post(f"{place.host}/oidc/v1/token", data=form)


def test_a_service_principal_signs_in_with_its_secret(place, w, machine):
    secret = w.service_principal_secrets_proxy.create(machine.id)
    assert secret.secret.startswith("dose") and secret.status == "ACTIVE" and secret.expire_time > secret.create_time
    theirs = WorkspaceClient(host=place.host, client_id=machine.application_id, client_secret=secret.secret)
    assert theirs.current_user.me().user_name == machine.application_id
    with pytest.raises(PermissionDenied, match="Only workspace admins"):
        theirs.service_principal_secrets_proxy.create(machine.id)


def test_a_secret_is_shown_once_and_kept_as_a_hash(place, w, machine):
    made = w.service_principal_secrets_proxy.create(machine.id, lifetime="3600s")
    (listed,) = w.service_principal_secrets_proxy.list(machine.id)
    assert (listed.id, listed.secret_hash, listed.expire_time) == (made.id, made.secret_hash, made.expire_time)
    assert "secret" not in listed.as_dict()
    written = b"".join(file.read_bytes() for file in place.path.parent.glob("workspace.db*"))
    assert made.secret_hash.encode() in written and made.secret.encode() not in written


def test_a_secret_can_be_bound_to_scopes(place, w, machine):
    made = w.service_principal_secrets_proxy.create(machine.id, scopes=["sql", "files:read"])
    answer = sign_in(place, machine.application_id, made.secret).raise_for_status().json()
    assert answer["scope"] == "files:read sql"
    assert principals.access(TOKEN, answer["access_token"]).scopes == {"sql", "files:read"}


def test_a_deleted_secret_and_one_that_has_expired_sign_in_nobody(place, w, machine, monkeypatch):
    proxy = w.service_principal_secrets_proxy
    short, kept = proxy.create(machine.id, lifetime="60"), proxy.create(machine.id)
    proxy.delete(machine.id, kept.id)
    assert sign_in(place, machine.application_id, kept.secret).json()["error"] == "invalid_client"
    assert sign_in(place, machine.application_id, short.secret).status_code == 200
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert sign_in(place, machine.application_id, short.secret).json()["error"] == "invalid_client"


def test_tokens_end_with_the_service_principal(place, w, machine):
    secret = w.service_principal_secrets_proxy.create(machine.id).secret
    token = sign_in(place, machine.application_id, secret).json()["access_token"]
    me = {"url": f"{place.host}/api/2.0/preview/scim/v2/Me", "headers": {"Authorization": f"Bearer {token}"}}
    assert httpx.get(**me).status_code == 200
    w.service_principals.delete(machine.id)
    assert httpx.get(**me).status_code == 401
    assert sign_in(place, machine.application_id, secret).status_code == 401


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda proxy, _: proxy.create("5"), NotFound, "id 5 not found"),
        (lambda proxy, _: list(proxy.list("5")), NotFound, "id 5 not found"),
        (lambda proxy, own: proxy.delete(own, "5"), NotFound, "id 5 not found"),
        (lambda proxy, _: proxy.create("7"), PermissionDenied, "app-desk is an app's"),
        (lambda proxy, own: proxy.create(own, lifetime="2h"), BadRequest, "2h"),
        (lambda proxy, own: proxy.create(own, lifetime="0s"), BadRequest, "0s"),
        (lambda proxy, own: proxy.create(own, scopes=["A B"]), BadRequest, "scopes"),
        (
            lambda proxy, own: [proxy.create(own) for _ in range(6)],
            BadRequest,
            "has 5 OAuth secrets",
        ),
    ],
)
def test_what_is_refused(w, machine, call, error, told):
    with pytest.raises(error, match=told):
        call(w.service_principal_secrets_proxy, machine.id)
