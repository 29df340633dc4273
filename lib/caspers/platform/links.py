"""Links with which a browser opens the workspace, its experiments and its apps; on a laptop they sign it in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from caspers.platform.status import Entry

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook


def links(ws: "Workbook", entries: Iterable[Entry]) -> dict[str, str]:
    """A link to the workspace's pages, to its experiments and to each app of `entries`, by its name.

    A local workspace's links sign the browser in and work once; on Databricks a browser signs in with the account.
    """
    apps = {entry["name"]: entry["url"] or "" for entry in entries if entry["type"] == "app"}
    if not ws.local:
        return {"workspace": ws.connection.host, "MLflow": f"{ws.connection.host}/ml/experiments", **apps}
    own = {name: f"/login/app?{urlencode({'name': name})}" for name in apps}
    return {name: _link(ws, path) for name, path in {"workspace": "/", "MLflow": "/ml/experiments", **own}.items()}


def _link(ws: "Workbook", path: str) -> str:
    answer = ws.w.api_client.do("POST", "/api/local/sign-in-codes")
    code = answer["code"] if isinstance(answer, dict) else ""
    return f"{ws.connection.host}/login?{urlencode({'code': code, 'next': path})}"
