"""The Refund Manager in a real Chromium, which has to be on PATH."""

import shutil

import pytest
from asgi_server import Served
from playwright.sync_api import expect, sync_playwright


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "this test needs Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that fails the test if a script ran or the console complained."""
    page, troubles = browser.new_page(), []
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    yield page
    page.close()
    assert [trouble for trouble in troubles if "status of" not in trouble] == []


def test_from_the_queue_to_a_decision(page, served):
    page.goto(served)
    page.get_by_role("link", name="DDD444").click()
    expect(page.get_by_text("<script>alert('x')</script>")).to_be_visible()
    page.get_by_role("button", name="Approve $7.10").click()
    expect(page.get_by_text("By ana")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="All recommendations").click()
    expect(page.get_by_role("link", name="DDD444")).to_have_count(0)
    page.get_by_role("link", name="decided").click()
    expect(page.get_by_role("row", name="DDD444")).to_contain_text("approved")


def test_two_people_decide_the_same_order(page, browser, served, make_app):
    with Served(make_app("ben")) as other:
        second = browser.new_page()
        page.goto(f"{served}/orders/AAA111")
        second.goto(f"{other}/orders/AAA111")
        page.get_by_role("button", name="Approve").click()
        second.get_by_label("Why there is no refund").fill("it was on time")
        second.get_by_role("button", name="Deny").click()
        expect(second.get_by_role("alert")).to_contain_text("ana has decided order AAA111 already")
        second.close()


def test_a_phone_shows_everything_without_scrolling_sideways(page, served):
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/?status=all", "/orders/AAA111"):
        page.goto(served + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.get_by_label("Another amount, in dollars")).to_be_visible()


def test_the_banner_goes_away_by_itself(page, served, postgres):
    postgres.stop()
    try:
        page.goto(served)
        expect(page.get_by_role("alert")).to_contain_text("can't be reached")
    finally:
        postgres.start()
    expect(page.get_by_role("link", name="AAA111")).to_be_visible(timeout=20_000)
