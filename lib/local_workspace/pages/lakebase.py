"""Lakebase: Postgres instances and their databases."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Postgres
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/lakebase")
def projects(request: Request, engine: Postgres) -> HTMLResponse:
    """Every project by its name."""
    return render(request, "lakebase/list.html", projects=engine.projects())
