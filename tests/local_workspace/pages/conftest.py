"""A signed-in browser on the session's shared workspace."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from chromium import chromium, watched
from signed_in import sign_in


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, workspace: dict[str, str]) -> Iterator[Page]:
    """A page that has signed in; `page.goto` takes paths."""
    with watched(browser) as page:
        sign_in(page, workspace)
        yield page
