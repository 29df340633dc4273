"""The list of apps."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.apps.views import app_of
from local_workspace.pages.engines import Apps
from local_workspace.pages.rendering import render

router = APIRouter()


@router.get("/apps")
def apps(request: Request, engine: Apps) -> HTMLResponse:
    """Every app with its state and address."""
    return render(request, "apps/list.html", apps=[app_of(doc) for doc in engine.list_apps(request.state.principal)])
