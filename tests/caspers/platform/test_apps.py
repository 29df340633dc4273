"""The client of an app signs in with an OAuth token, however the workbook itself is signed in."""

from types import SimpleNamespace
from unittest.mock import Mock

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.apps import App, AppResource, ComputeState, ComputeStatus

from asgi_server import Served
from caspers.platform import apps
from local_workspace.http.server import create_app
from local_workspace.routes import identity
from local_workspace.runtime import principals

TOKEN, ME = "workspace-token", "app-me"
APP = App(name="desk", url="http://127.0.0.1:1", oauth2_app_client_id="desk-client")


@pytest.fixture(scope="module")
def host():
    with Served(create_app(SimpleNamespace(user="you@localhost"), TOKEN, [identity.router])) as url:
        yield url


def shown(host, **signed_in):
    """What the token says that the app is shown."""
    workbook = SimpleNamespace(w=WorkspaceClient(host=host, **signed_in))
    with apps.client(workbook, APP) as http:
        assert str(http.base_url) == APP.url
        return principals.access(TOKEN, http.headers["authorization"].removeprefix("Bearer "))


def test_a_personal_token_is_exchanged_for_one_that_is_for_the_app(host):
    assert shown(host, token=TOKEN) == principals.Access(None, "desk-client")


def test_a_token_of_oauth_is_used_as_it_is(host):
    assert shown(host, client_id=ME, client_secret=principals.secret(TOKEN, ME)) == principals.Access(ME)


def test_a_token_that_the_platform_does_not_exchange(host):
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        shown(host, token="guessed")


@pytest.mark.parametrize(
    ("state", "calls"),
    [(ComputeState.ACTIVE, ["update"]), (ComputeState.STOPPED, ["update", "start_and_wait"])],
)
def test_an_app_that_exists_gets_its_resources_and_what_it_lacks(state, calls):
    wanted = App(name="desk", resources=[AppResource("postgres")])
    found = App(name="desk", compute_status=ComputeStatus(state=state), resources=wanted.resources)
    api = Mock(get=Mock(return_value=found))
    assert apps.bring_up_to_date(SimpleNamespace(w=SimpleNamespace(apps=api)), wanted) is found
    assert [name for name, *_ in api.method_calls if name != "get"] == calls


def test_a_status_is_awaited():
    statuses = iter([200, 200, 503])
    with httpx.Client(
        base_url="http://desk", transport=httpx.MockTransport(lambda _: httpx.Response(next(statuses)))
    ) as http:
        assert apps.await_status(http, "/api/health", 503).status_code == 503


def test_a_status_that_does_not_come_is_named():
    with (
        httpx.Client(base_url="http://desk", transport=httpx.MockTransport(lambda _: httpx.Response(200))) as http,
        pytest.raises(TimeoutError, match="/api/health does not answer 503: after 0 s it is still <Response.*200"),
    ):
        apps.await_status(http, "/api/health", 503, timeout=0)
