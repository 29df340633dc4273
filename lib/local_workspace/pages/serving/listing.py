"""The list of endpoints."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Serving
from local_workspace.pages.rendering import render
from local_workspace.pages.serving.views import endpoint_of

router = APIRouter()


@router.get("/ml/endpoints")
def endpoints(request: Request, engine: Serving) -> HTMLResponse:
    """Every endpoint with its state and its calls of the last hour."""
    return render(request, "serving/list.html", endpoints=[endpoint_of(engine, doc) for doc in engine.list()])


@router.get("/ml/endpoints/-/live")
def live(request: Request, engine: Serving) -> HTMLResponse:
    """The list alone."""
    return render(request, "serving/live/list.html", endpoints=[endpoint_of(engine, doc) for doc in engine.list()])
