"""How OAuth tokens are issued, and which the workspace's API accepts."""

from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from databricks.sdk.oauth import OAuthClient, OidcEndpoints
from fastapi.testclient import TestClient

from local_workspace.engines.identity.documents import NOTHING_SAID
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


@pytest.fixture
def ana(identity_engine):
    return identity_engine.create("Users", "ana@example.com", NOTHING_SAID)


@pytest.fixture
def consent(client):
    """What the SDK asks of a browser, and hands in afterwards."""
    made = client.get("/oidc/.well-known/oauth-authorization-server").json()
    endpoints = OidcEndpoints(made["authorization_endpoint"], made["token_endpoint"])
    return OAuthClient(endpoints, "http://localhost:8020", "databricks-cli").initiate_consent()


def authorized(client, ana, url):
    """Where the browser of a user is sent from `url`: the code and the state in the address."""
    holder = principals.of_user(ana["id"])
    answer = client.get(
        url, headers={"Authorization": f"Bearer {principals.access_token(TOKEN, holder)}"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (302, "http://localhost:8020")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def exchanged(client, consent, code):
    form = {"grant_type": "authorization_code", "client_id": "databricks-cli", "redirect_uri": "http://localhost:8020"}
    return client.post("/oidc/v1/token", data=form | {"code": code, "code_verifier": consent.as_dict()["verifier"]})


def test_a_user_lets_a_program_act_for_them(client, consent, ana, identity_engine):
    told = authorized(client, ana, consent.authorization_url)
    assert told["state"] == consent.as_dict()["state"]
    answer = exchanged(client, consent, told["code"]).raise_for_status().json()
    assert me(client, answer["access_token"]).json()["userName"] == "ana@example.com"
    assert exchanged(client, consent, told["code"]).json()["error"] == "invalid_grant"  # a code works once
    assert me(client, answer["refresh_token"]).status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    assert me(client, issue(client, again)).json()["userName"] == "ana@example.com"
    identity_engine.delete("Users", ana["id"])
    assert client.post("/oidc/v1/token", data=again).json()["error"] == "invalid_grant"


def test_a_program_gets_the_scopes_that_it_asks_for(client, consent, ana):
    url = consent.authorization_url.replace("scope=all-apis+offline_access", "scope=sql")
    answer = exchanged(client, consent, authorized(client, ana, url)["code"]).json()
    assert (answer["scope"], "refresh_token" in answer) == ("sql", False)
    assert me(client, answer["access_token"]).status_code == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("localhost%3A8020", "evil.example"),
        ("localhost%3A8020", "localhost%3A8020%40evil.example"),
        ("response_type=code", "response_type=token"),
        ("challenge_method=S256", "challenge_method=plain"),
    ],
)
def test_a_browser_is_sent_to_programs_on_this_machine_only(client, consent, ana, old, new):
    assert old in consent.authorization_url
    url, token = consent.authorization_url.replace(old, new), principals.access_token(TOKEN, None)
    answer = client.get(url, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)
    assert answer.status_code == 400


def test_nobody_is_sent_anywhere_without_a_session(client, consent):
    assert client.get(consent.authorization_url, follow_redirects=False).status_code == 401


def test_a_code_is_of_no_use_without_its_verifier(client, consent, ana):
    code = authorized(client, ana, consent.authorization_url)["code"]
    other = OAuthClient(OidcEndpoints("x", "x"), "http://localhost:8020", "databricks-cli").initiate_consent()
    assert exchanged(client, other, code).json()["error"] == "invalid_grant"


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
        (EXCHANGE | {"audience": principals.REFRESH}, 400, "invalid_target"),
        ({"grant_type": "refresh_token", "refresh_token": principals.access_token(TOKEN, None)}, 400, "invalid_grant"),
    ],
)
def test_what_is_refused(client, form, status, error):
    answer = client.post("/oidc/v1/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
