"""Serving endpoints."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Serving
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/ml/endpoints")
def endpoints(request: Request, engine: Serving) -> HTMLResponse:
    """Every endpoint with its state."""
    return render(request, "serving/list.html", endpoints=engine.list())
