"""A client that asks for the workspace's pages, over engines that need no server."""

from types import SimpleNamespace

from fastapi.testclient import TestClient

from local_workspace.http.server import create_app
from local_workspace.pages import site

_TOKEN = "a-token"


def page_client(**engines: object) -> TestClient:
    """A client of the pages, which know these engines; it doesn't follow redirects."""
    app = create_app(SimpleNamespace(user="you@localhost", **engines), _TOKEN, [])
    site.install(app)
    headers = {"Accept": "text/html", "Authorization": f"Bearer {_TOKEN}"}
    return TestClient(app, base_url="http://127.0.0.1:8080", headers=headers, follow_redirects=False)
