"""The list of endpoints."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Serving
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.serving.views import endpoint_of

router = APIRouter()


@router.get("/ml/endpoints")
def endpoints(request: Request, engine: Serving) -> HTMLResponse:
    """Every endpoint with its state and its calls of the last hour."""
    return whole_or_part(request, "serving/list", endpoints=[endpoint_of(engine, doc) for doc in engine.list()])
