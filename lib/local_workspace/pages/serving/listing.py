"""The list of endpoints."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Serving
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.serving.views import endpoint_of
from local_workspace.routes.object_access import sees_endpoint

router = APIRouter()


@router.get("/ml/endpoints")
def endpoints(request: Request, engine: Serving) -> HTMLResponse:
    """Every endpoint that the caller may see, with its state and its calls of the last hour."""
    found = [endpoint_of(engine, doc) for doc in engine.list() if sees_endpoint(request, doc["name"], doc["id"])]
    return whole_or_part(request, "serving/list", endpoints=found)
