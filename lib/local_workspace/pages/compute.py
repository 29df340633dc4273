"""Compute: the workspace's engines, how they are, what they use, and their logs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Health
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/compute")
def engines(request: Request, health: Health) -> HTMLResponse:
    """Every engine with its state and what it uses."""
    return render(request, "compute/list.html", engines=health.list())


@router.get("/compute/live")
def live_engines(request: Request, health: Health) -> HTMLResponse:
    """The table of `engines` alone."""
    return render(request, "compute/live/list.html", engines=health.list())


@router.get("/compute/engines/{name}")
def engine(request: Request, health: Health, name: str) -> HTMLResponse:
    """One engine with the end of its log."""
    return render(request, "compute/engine.html", engine=health.get(name), log=health.log(name))


@router.get("/compute/engines/{name}/live")
def live_engine(request: Request, health: Health, name: str) -> HTMLResponse:
    """The part of `engine` that changes."""
    return render(request, "compute/live/engine.html", engine=health.get(name), log=health.log(name))
