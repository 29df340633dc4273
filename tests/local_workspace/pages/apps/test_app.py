"""An app's page in a real browser, on the session's workspace."""

from collections.abc import Iterator

import pytest
from databricks.sdk.service.apps import App
from playwright.sync_api import expect

from signed_in import check


@pytest.fixture(scope="module")
def app(w) -> Iterator[str]:
    name = "shown-app"
    w.apps.create(App(name=name, description="<script>alert(1)</script> orders"))
    yield name
    w.apps.delete(name)


def test_an_app_is_shown_stopped_and_started(page, workspace, app):
    page.goto(f"{workspace['DATABRICKS_HOST']}/apps")
    page.get_by_role("link", name=app).click()
    expect(page.get_by_text("<script>alert(1)</script> orders")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("Not deployed")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".facts")).to_contain_text("Stopped")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".facts")).to_contain_text("Not deployed")


def test_the_page_is_accessible_and_fits_a_phone(page, workspace, app):
    for path in ("/apps", f"/apps/{app}"):
        page.goto(workspace["DATABRICKS_HOST"] + path)
        check(page)
