"""Apps."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Apps
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/apps")
def apps(request: Request, engine: Apps) -> HTMLResponse:
    """Every app with its state and address."""
    return render(request, "apps/list.html", apps=engine.list_apps())
