"""Compute: the workspace's engines, how they are, what they use, and their logs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Health
from local_workspace.pages.live import whole_or_part

router = APIRouter(include_in_schema=False)


@router.get("/compute")
def engines(request: Request, health: Health) -> HTMLResponse:
    """Every engine with its state and what it uses."""
    return whole_or_part(request, "compute/list", engines=health.list(), disk=health.disk())


@router.get("/compute/engines/{name}")
def engine(request: Request, health: Health, name: str) -> HTMLResponse:
    """One engine with the end of its log."""
    return whole_or_part(request, "compute/engine", engine=health.get(name), log=health.log(name))
