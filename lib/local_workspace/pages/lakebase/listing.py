"""The list of projects, and all synced tables."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Postgres
from local_workspace.pages.lakebase.views import synced_tables
from local_workspace.pages.live import whole_or_part
from local_workspace.runtime.permissions import CAN_USE

router = APIRouter()


@router.get("/lakebase")
def projects(request: Request, engine: Postgres) -> HTMLResponse:
    """Every project that the caller may use, and the synced tables of these with their positions."""
    principal: str | None = request.state.principal
    projects = [
        each
        for each in engine.projects()
        if principal is None or engine.permissions.may(principal, each["project_id"], CAN_USE)
    ]
    shown = {each["project_id"] for each in projects}
    tables = [each for each in synced_tables(engine) if each.project in shown]
    return whole_or_part(request, "lakebase/list", projects=projects, tables=tables, project="")


@router.get("/compute/database-instances")
@router.get("/compute/database-instances/{name}")
def instance(name: Name = "") -> RedirectResponse:
    """To the project: since 2026 an instance is one."""
    return RedirectResponse(f"/lakebase/projects/{name}" if name else "/lakebase")
