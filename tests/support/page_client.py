"""A client of the workspace's pages, for tests that need no browser: one that has the token and asks for HTML."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from fastapi.testclient import TestClient

from local_workspace.http.server import create_app
from local_workspace.pages import site

_TOKEN = "a-token-for-pages"
PART = {"HX-Request": "true"}
"""The header of a request for a part of a page."""


@contextmanager
def page_client(**engines: object) -> Iterator[TestClient]:
    """A client of the pages over these engines, by the names that the workspace has for them."""
    app = create_app(SimpleNamespace(**engines), _TOKEN, [])
    site.install(app)
    headers = {"Authorization": f"Bearer {_TOKEN}", "Accept": "text/html"}
    with TestClient(app, "http://127.0.0.1", headers=headers) as client:
        yield client
        if hasattr(app.state, "external_client"):  # of model serving, which ends with its process
            client.portal.call(app.state.external_client.aclose)
