"""The list of projects, and all synced tables."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Postgres
from local_workspace.pages.lakebase.views import synced_tables
from local_workspace.pages.live import whole_or_part

router = APIRouter()


@router.get("/lakebase")
def projects(request: Request, engine: Postgres) -> HTMLResponse:
    """Every project, and every synced table with its position."""
    tables = synced_tables(engine)
    return whole_or_part(request, "lakebase/list", projects=engine.projects(), tables=tables, project="")


@router.get("/compute/database-instances")
@router.get("/compute/database-instances/{name}")
def instance(name: Name = "") -> RedirectResponse:
    """To the project: since 2026 an instance is one."""
    return RedirectResponse(f"/lakebase/projects/{name}" if name else "/lakebase")
