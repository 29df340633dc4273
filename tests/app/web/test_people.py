"""The Refund Manager behind a workspace's gateway, with several people signed in, each in a browser of their own."""

from types import SimpleNamespace

import httpx
import pytest
from playwright.sync_api import Page, expect

from asgi_server import Served
from chromium import chromium, watched
from local_workspace.engines.identity.documents import NOTHING_SAID
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app
from local_workspace.http.sessions import Sessions
from local_workspace.pages import site
from local_workspace.routes import sign_in
from local_workspace.runtime import ports
from local_workspace.runtime.permissions import APPS, CAN_USE, Permissions, of_principal
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN, OWNER, APP = "a-token", "you@localhost", "refund-manager"
ANA, BEN, EVE = "ana@example.com", "ben@example.com", "eve@example.com"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def place(tmp_path, make_app):
    """A workspace with three users and the app, which the first two may use: `host`, `url` and `permissions`."""
    store, sessions = Store(tmp_path / "workspace.db"), Sessions()
    identity, permissions = identity_of(store, OWNER), Permissions(store, APPS)
    for name in (ANA, BEN, EVE):
        identity.create("Users", name, NOTHING_SAID)
    permissions.add(APP, [of_principal(name, CAN_USE) for name in (ANA, BEN)])
    engines = SimpleNamespace(user=OWNER, identity=identity)
    workspace = create_app(engines, TOKEN, [sign_in.router], sessions)
    site.install(workspace)
    with Served(workspace) as host, Served(make_app(user=None)) as behind:
        port = ports.free()  # after the servers have theirs
        url = f"http://127.0.0.1:{port}"
        engines.apps = SimpleNamespace(get=lambda _: {"url": url})
        app = SimpleNamespace(
            name=APP,
            address=lambda: int(behind.rpartition(":")[2]),
            audience=lambda: "client",
            may_use=lambda principal: permissions.may(principal, APP, CAN_USE),
            scopes=list,
        )
        gateway = listen(app, port, Workspace(TOKEN, OWNER, int(host.rpartition(":")[2]), sessions, identity))
        yield SimpleNamespace(host=host, url=url, identity=identity, permissions=permissions)
        gateway.close()
    store.close()


def open_app(place: SimpleNamespace, page: Page, user: str, path: str = "/") -> None:
    """Ask for a page of the app without a session, and sign in as `user` where that leads to."""
    page.goto(place.url + path)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    asked = httpx.post(f"{place.host}/api/local/sign-in-codes", json={"user_name": user}, headers=headers)
    page.get_by_label("Or enter a code").fill(asked.raise_for_status().json()["code"])
    page.get_by_role("button", name="Sign in").click()


def test_two_people_decide_and_the_history_names_each(place, browser):
    with watched(browser) as ana, watched(browser) as ben:
        open_app(place, ana, ANA, "/orders/AAA111")
        open_app(place, ben, BEN, "/orders/AAA111")
        ana.get_by_role("button", name="Approve").click()
        expect(ana.get_by_text(f"By {ANA}")).to_be_visible()
        ben.get_by_label("Reason for denying the refund").fill("it was on time")
        ben.get_by_role("button", name="Deny").click()
        expect(ben.get_by_role("alert")).to_contain_text(f"{ANA} has already decided order AAA111")
        ana.get_by_role("button", name="Undo").click()
        ben.goto(f"{place.url}/orders/AAA111")
        ben.get_by_label("Reason for denying the refund").fill("it was on time")
        ben.get_by_role("button", name="Deny").click()
        expect(ben.get_by_text(f"By {BEN}")).to_be_visible()
        history = ben.locator("ol.history")
        for line in (f"{ANA} approved", f"{BEN} denied the refund"):
            expect(history.get_by_text(line)).to_be_visible()


def test_who_may_not_use_the_app_is_refused_until_they_may(place, browser):
    with watched(browser) as eve:
        open_app(place, eve, EVE)
        expect(eve.get_by_text(f"{EVE} may not use the app {APP}; give it CAN_USE on the app.")).to_be_visible()
        place.permissions.add(APP, [of_principal(EVE, CAN_USE)])
        eve.reload()
        expect(eve.get_by_role("link", name="DDD444")).to_be_visible()
        place.permissions.revoke(EVE)
        eve.reload()
        expect(eve.get_by_text("403 Forbidden")).to_be_visible()


def test_sessions_of_a_deleted_user_end_in_the_app_too(place, browser):
    with watched(browser) as ana:
        open_app(place, ana, ANA)
        expect(ana.get_by_role("link", name="DDD444")).to_be_visible()
        (user,) = [each for each in place.identity.all("Users") if each["name"] == ANA]
        place.identity.delete("Users", user["id"])
        ana.goto(place.url)
        expect(ana.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
