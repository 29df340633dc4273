"""SQL: the editor, the history of statements, and warehouses."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Queries, Warehouses
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/sql/editor")
def editor(request: Request, queries: Queries) -> HTMLResponse:
    """The saved queries by their names."""
    return render(request, "sql/editor.html", queries=queries.list())


@router.get("/sql/warehouses")
def warehouses(request: Request, engine: Warehouses) -> HTMLResponse:
    """Every warehouse with its state."""
    return render(request, "sql/warehouses.html", warehouses=engine.list())
