"""Links with which a browser opens the local workspace's pages and apps, already signed in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from caspers.platform.status import Entry

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook


def sign_in_links(ws: "Workbook", entries: Iterable[Entry]) -> dict[str, str]:
    """A link to the workspace's pages and to each app of `entries`, by its name; each works once.

    Empty on Databricks, where a browser signs in with the account.
    """
    if not ws.local:
        return {}
    apps = {e["name"]: f"/login/app?{urlencode({'name': e['name']})}" for e in entries if e["type"] == "app"}
    return {name: _link(ws, path) for name, path in {"workspace": "/", **apps}.items()}


def _link(ws: "Workbook", path: str) -> str:
    answer = ws.w.api_client.do("POST", "/api/local/sign-in-codes")
    code = answer["code"] if isinstance(answer, dict) else ""
    return f"{ws.connection.host}/login?{urlencode({'code': code, 'next': path})}"
