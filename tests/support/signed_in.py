"""A browser that has signed in to a workspace."""

from collections.abc import Mapping

import httpx
from playwright.sync_api import Page, expect

from chromium import serious

PHONE = {"width": 360, "height": 740}


def code_of(workspace: Mapping[str, str]) -> str:
    """A new one-time code of the workspace with these variables."""
    host, token = workspace["DATABRICKS_HOST"], workspace["DATABRICKS_TOKEN"]
    answer = httpx.post(f"{host}/api/local/sign-in-codes", headers={"Authorization": f"Bearer {token}"})
    return answer.raise_for_status().json()["code"]


def sign_in(page: Page, workspace: Mapping[str, str], path: str = "/") -> None:
    """Sign `page` in to the workspace and open `path`."""
    page.goto(f"{workspace['DATABRICKS_HOST']}/login?code={code_of(workspace)}&next={path}")


def width(page: Page) -> int:
    """How wide the page's content is, in pixels: wider than the window, it scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth")


def check(page: Page) -> None:
    """The page has one heading, is accessible in light and dark, and fits a phone."""
    expect(page.locator("h1")).to_have_count(1)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert (page.url, scheme, serious(page)) == (page.url, scheme, [])
    page.set_viewport_size(PHONE)
    assert width(page) <= PHONE["width"], page.url
    page.set_viewport_size({"width": 1280, "height": 720})
