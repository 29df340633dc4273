"""How OAuth tokens are issued, and which the workspace's API accepts."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.http.server import create_app
from local_workspace.routes import identity, scim
from local_workspace.runtime import principals
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN, USER, ME = "workspace-token", "you@localhost", "app-desk"
EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": TOKEN,
    "subject_token_type": "urn:databricks:params:oauth:token-type:personal-access-token",
}
CREDENTIALS = {"grant_type": "client_credentials", "client_id": ME, "client_secret": principals.secret(TOKEN, ME)}


@pytest.fixture
def identity_engine(tmp_path):
    store = Store(tmp_path / "workspace.db")
    yield identity_of(store, USER, ME)
    store.close()


@pytest.fixture
def client(identity_engine):
    app = create_app(SimpleNamespace(user=USER, identity=identity_engine), TOKEN, [identity.router, scim.router])
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def issue(client, form, **more):
    answer = client.post("/oidc/v1/token", data=form, **more).raise_for_status().json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", principals.TOKEN_LIFE)
    return answer["access_token"]


def me(client, token):
    return client.get("/api/2.0/preview/scim/v2/Me", headers={"Authorization": f"Bearer {token}"})


def test_a_service_principal_signs_in_by_form_or_header(client):
    by_header = issue(client, {"grant_type": "client_credentials"}, auth=(ME, principals.secret(TOKEN, ME)))
    for token in (issue(client, CREDENTIALS), by_header):
        assert me(client, token).json()["userName"] == ME


def test_the_users_token_is_exchanged_for_one_of_oauth(client):
    assert me(client, issue(client, EXCHANGE)).json()["userName"] == USER


def test_a_token_for_an_app_is_for_nothing_else(client):
    token = issue(client, EXCHANGE | {"audience": "a2a3af55-52c6"})
    assert principals.access(TOKEN, token) == principals.Access(None, "a2a3af55-52c6")
    assert me(client, token).status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "unsupported_grant_type"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (CREDENTIALS | {"client_secret": "guessed"}, 401, "invalid_client"),
        (CREDENTIALS | {"client_id": "app-other"}, 401, "invalid_client"),
        (EXCHANGE | {"subject_token": "guessed"}, 401, "invalid_grant"),
        (EXCHANGE | {"subject_token_type": "jwt"}, 400, "invalid_request"),
        (EXCHANGE | {"requested_token_type": "id_token"}, 400, "invalid_request"),
        (EXCHANGE | {"audience": "a.b~c"}, 400, "invalid_target"),
    ],
)
def test_what_is_refused(client, form, status, error):
    answer = client.post("/oidc/v1/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
