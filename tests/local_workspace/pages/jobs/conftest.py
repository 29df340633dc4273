"""A workspace with jobs a module, its pages for programs, and a browser that has signed in to it."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from chromium import watched
from job_workspace import TOKEN, JobWorkspace, serving
from local_workspace.runtime import software
from signed_in import sign_in


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobWorkspace]:
    """A job workspace with its server, which has no warehouse."""
    with serving(tmp_path_factory.mktemp("jobs") / "home") as workspace:
        yield workspace
        workspace.updates.released.set()


@pytest.fixture(scope="module")
def client(space: JobWorkspace) -> Iterator[httpx.Client]:
    """A client that asks for pages and follows no redirect."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"}
    with httpx.Client(base_url=space.host, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def text(client: httpx.Client) -> Callable[..., str]:
    """Gets a page as HTML, or for htmx its live part."""

    def get(path: str, part: bool = False) -> str:
        answer = client.get(path, headers={"HX-Request": "true"} if part else {})
        assert answer.status_code == 200, answer.text
        return answer.text

    return get


@pytest.fixture
def page(browser: Browser, space: JobWorkspace) -> Iterator[Page]:
    """A page that has signed in to `space` and shows the list of jobs."""
    software.ensure(print)  # the pages' scripts
    with watched(browser) as page:
        sign_in(page, {"DATABRICKS_HOST": space.host, "DATABRICKS_TOKEN": TOKEN}, "/jobs")
        yield page
