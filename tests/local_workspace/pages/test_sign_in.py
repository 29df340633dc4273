"""Signing in with a real browser, which decides which cookie goes where."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from asgi_server import Served
from chromium import watched


@pytest.fixture
def stranger(browser):
    with watched(browser) as page:
        yield page


def link(workspace, path="/"):
    """What `open` prints."""
    command = [sys.executable, "-m", "local_workspace", "open", path, "--home", workspace["CASPERS_HOME"]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]


async def another_site(scope, receive, send):
    """A page of another origin, as Jupyter's is, with the link in its address."""
    target = scope["query_string"].decode()
    body = f'<!doctype html><a href="{target}">open</a>'.encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": body})


def test_the_printed_link_opens_its_page_once(stranger, browser, workspace):
    printed = link(workspace, "/compute")
    stranger.goto(printed)
    expect(stranger.get_by_role("heading", name="Compute")).to_be_visible()
    assert stranger.url == workspace["DATABRICKS_HOST"] + "/compute"
    stranger.reload()
    expect(stranger.get_by_role("heading", name="Compute")).to_be_visible()
    with watched(browser) as second:
        second.goto(printed)
        expect(second.get_by_role("alert")).to_contain_text("has been used before")


def test_a_code_can_be_typed_and_leads_to_the_page_that_was_asked_for(stranger, workspace):
    stranger.goto(workspace["DATABRICKS_HOST"] + "/jobs")
    code = link(workspace).partition("code=")[2].partition("&")[0]
    stranger.get_by_label("Or enter a code").fill(code)
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("heading", name="Jobs")).to_be_visible()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Sign in to the local workspace")).to_be_visible()
    stranger.goto(workspace["DATABRICKS_HOST"] + "/jobs")
    expect(stranger.get_by_label("Or enter a code")).to_be_visible()


def test_links_on_another_sites_page_work_before_and_after_the_sign_in(stranger, workspace):
    """Such as those in a notebook: the cookie is not sent with them at first."""
    with Served(another_site) as url:
        jupyter = url.replace("127.0.0.1", "localhost")
        stranger.goto(f"{jupyter}/?{link(workspace, '/compute')}")
        stranger.get_by_role("link", name="open").click()
        expect(stranger.get_by_role("heading", name="Compute")).to_be_visible()
        stranger.goto(f"{jupyter}/?{workspace['DATABRICKS_HOST']}/jobs")
        stranger.get_by_role("link", name="open").click()
        expect(stranger.get_by_role("heading", name="Jobs")).to_be_visible()


def test_scripts_of_the_page_see_no_cookie(page):
    assert page.evaluate("document.cookie") == ""
