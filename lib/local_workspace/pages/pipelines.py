"""Pipelines and their updates."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Pipelines
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/pipelines")
def pipelines(request: Request, engine: Pipelines) -> HTMLResponse:
    """Every pipeline with its state."""
    shown = [(pipeline["name"], engine.state(pipeline["pipeline_id"])) for pipeline in engine.list()]
    return render(request, "pipelines/list.html", pipelines=shown)
