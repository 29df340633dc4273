"""The home page of a local workspace: the notebooks in their order, and what each task has made."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from caspers import config

if TYPE_CHECKING:
    from IPython.display import Markdown

    from caspers.platform.connect import Workbook
    from caspers.platform.state import Resource

_ROUTE = "/api/local/home"
# The pages of resources: of Unity Catalog by their full names, of the others by their ids or names.
_BY_NAME = {
    "catalog": "/explore/data",
    "schema": "/explore/data",
    "table": "/explore/data",
    "view": "/explore/data",
    "volume": "/explore/data/volumes",
    "function": "/explore/data/functions",
    "model": "/explore/data/models",
    "postgres_catalog": "/explore/data",
}
_BY_ID = {"job": "/jobs", "pipeline": "/pipelines", "warehouse": "/sql/warehouses"}
_PARTS = {"catalog": 1, "schema": 2, "postgres_catalog": 1}


class Item(TypedDict):
    """A line of the home page: a text, a detail beside it, and the path of a page; the last may be empty."""

    text: str
    detail: str
    path: str


def show_resources(ws: "Workbook", task: str, resources: Iterable["Resource"]) -> None:
    """List what `task` has made, each with a link to its page; nothing on Databricks."""
    items = [Item(text=each.name, detail=each.type.replace("_", " "), path=page_of(ws, each)) for each in resources]
    _put(ws, task, task.replace("_", " "), 1, items)


def show_notebooks(ws: "Workbook", folder: Path = config.REPO / "notebooks") -> None:
    """List the notebooks in the order to read them, by their titles; nothing on Databricks."""
    notebooks = sorted(folder.glob("[0-9]*.ipynb"))
    items = [Item(text=_title(path), detail=path.name, path="") for path in notebooks]
    _put(ws, "notebooks", "The notebooks", 0, items)


def links(ws: "Workbook", resources: Iterable["Resource"]) -> "Markdown":
    """A list of links to the pages of resources, for the end of a notebook."""
    from IPython.display import Markdown

    pages = [(each, page_of(ws, each)) for each in resources]
    lines = [f"- {each.type.replace('_', ' ')} [{each.name}]({ws.w.config.host}{page})" for each, page in pages if page]
    return Markdown("\n".join(lines))


def page_of(ws: "Workbook", resource: "Resource") -> str:
    """The path of a resource's page; empty for one without a page."""
    if resource.type in _BY_NAME:
        full = resource.name
        if full.count(".") + 1 < _PARTS.get(resource.type, 3):
            full = f"{ws.catalog}.{full}"
        return "/".join([_BY_NAME[resource.type], *(quote(part, safe="") for part in full.split("."))])
    if resource.type in _BY_ID:
        return f"{_BY_ID[resource.type]}/{quote(resource.id, safe='')}"
    own = {"endpoint": f"/ml/endpoints/{quote(resource.name)}", "app": f"/apps/{quote(resource.name)}"}
    return own.get(resource.type) or ("/lakebase" if resource.type in ("postgres_project", "synced_table") else "")


def _put(ws: "Workbook", key: str, title: str, position: int, items: list[Item]) -> None:
    if ws.local:
        body: Mapping[str, object] = {"title": title, "position": position, "items": items}
        ws.w.api_client.do("PUT", f"{_ROUTE}/{quote(key, safe='')}", body=dict(body))


def _title(notebook: Path) -> str:
    """The heading with which a notebook begins."""
    first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].lstrip("# ")
