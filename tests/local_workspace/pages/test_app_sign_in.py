"""From the workspace to an app behind its gateway and back, in a real browser: cookies are shared by all ports."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from asgi_server import Served
from chromium import watched
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app
from local_workspace.http.sessions import Sessions
from local_workspace.pages import site
from local_workspace.runtime import ports, principals

TOKEN, USER, HELPER = "a-token", "you@localhost", "app-helper"


async def greeting(request: Request) -> HTMLResponse:
    """What the app knows: who calls, and the cookies."""
    return HTMLResponse(
        f"<!doctype html><title>App</title><h1>{request.headers['x-forwarded-email']}</h1>"
        f"<p>{request.url.path} cookies: {request.headers.get('cookie', 'none')}</p>"
    )


@pytest.fixture
def place():
    """A workspace with the app `desk` behind its gateway: `host`, `app`, and the `sessions` of both."""
    sessions, engines = Sessions(), SimpleNamespace(user=USER)
    workspace = create_app(engines, TOKEN, [], sessions)
    site.install(workspace)
    with Served(workspace) as host, Served(Starlette(routes=[Route("/{path:path}", greeting)])) as behind:
        port = ports.free()  # after the servers have theirs
        app_url = f"http://127.0.0.1:{port}"
        engines.apps = SimpleNamespace(get=lambda _: {"url": app_url})
        app = SimpleNamespace(
            name="desk",
            address=lambda: int(behind.rpartition(":")[2]),
            audience=lambda: "desk-client",
            may_use=lambda holder: holder == HELPER,
            scopes=list,
        )
        gateway = listen(app, port, Workspace(TOKEN, USER, int(host.rpartition(":")[2]), sessions, principals.UNLISTED))
        yield SimpleNamespace(host=host, app=app_url, sessions=sessions)
        gateway.close()


@pytest.fixture
def visitor(browser):
    with watched(browser) as page:
        yield page


def test_a_browser_comes_back_to_the_page_of_the_app_that_it_asked_for(place, visitor):
    visitor.goto(f"{place.app}/orders?x=1")
    expect(visitor.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
    visitor.get_by_label("Or enter a code").fill(place.sessions.new_code())
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("heading", name=USER)).to_be_visible()
    assert visitor.url == f"{place.app}/orders?x=1"
    expect(visitor.get_by_text("cookies: none")).to_be_visible()


def test_one_sign_in_opens_the_app_too_and_one_sign_out_closes_it(place, visitor):
    visitor.goto(f"{place.host}/login?code={place.sessions.new_code()}&next=/nowhere")
    visitor.goto(place.app)
    expect(visitor.get_by_role("heading", name=USER)).to_be_visible()
    visitor.goto(f"{place.host}/nowhere")
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
    visitor.goto(place.app)
    expect(visitor.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
    assert visitor.url.startswith(f"{place.host}/login/app?name=desk")


def test_a_page_of_the_app_cannot_use_the_workspace(place, visitor):
    """It runs on the same host, so the browser sends the workspace's cookie along."""
    visitor.goto(f"{place.host}/login?code={place.sessions.new_code()}&next=/nowhere")
    visitor.goto(place.app)
    script = """async ([url, method]) => (await fetch(url, {method, credentials: "include", mode: "no-cors"})).type"""
    answers = []
    visitor.on("response", lambda response: answers.append((response.url, response.status)))
    for path, method in (("/api/local/openapi.json", "GET"), ("/logout", "POST")):
        assert visitor.evaluate(script, [place.host + path, method]) == "opaque"
    assert answers == [(f"{place.host}/api/local/openapi.json", 401), (f"{place.host}/logout", 403)]


def test_callers_at_one_app_are_each_shown_their_own_name_and_end_alone(place, browser, visitor):
    """The user in two browsers, and an app's service principal, which may call the routes under /api/ only."""
    with watched(browser) as second, watched(browser) as helper:
        for page in (visitor, second):
            page.goto(f"{place.host}/login?code={place.sessions.new_code()}&next=/nowhere")
            page.goto(place.app)
            expect(page.get_by_role("heading", name=USER)).to_be_visible()
        helper.goto(f"{place.app}/api/orders")
        expect(helper.get_by_role("heading", name=HELPER)).to_have_count(0)
        helper.set_extra_http_headers({"Authorization": f"Bearer {principals.access_token(TOKEN, HELPER)}"})
        helper.goto(f"{place.app}/api/orders")
        expect(helper.get_by_role("heading", name=HELPER)).to_be_visible()
        visitor.goto(f"{place.host}/nowhere")
        visitor.get_by_role("button", name="Sign out").click()
        second.reload()
        expect(second.get_by_role("heading", name=USER)).to_be_visible()
        visitor.goto(place.app)
        expect(visitor.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
