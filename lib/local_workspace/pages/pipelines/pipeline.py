"""The page of a pipeline, and that of one of its updates."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Pipelines
from local_workspace.pages.pipelines.graph import KINDS
from local_workspace.pages.pipelines.view import Choice, View, view_of
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


def _choice(
    tab: Annotated[Literal["graph", "updates", "events", "settings"], Query()] = "graph",
    level: Annotated[Literal["", "ERROR", "WARN", "INFO"], Query()] = "",
) -> Choice:
    return Choice(tab, level)


Chosen = Annotated[Choice, Depends(_choice)]


@router.get("/pipelines/{pipeline_id}")
def pipeline(request: Request, engine: Pipelines, pipeline_id: str, choice: Chosen) -> HTMLResponse:
    """A pipeline with its last update."""
    return _page(request, "pipelines/pipeline.html", view_of(engine, choice, pipeline_id))


@router.get("/pipelines/{pipeline_id}/live")
def live(request: Request, engine: Pipelines, pipeline_id: str, choice: Chosen) -> HTMLResponse:
    """The part of a pipeline's page that changes by itself."""
    return _page(request, "pipelines/live/pipeline.html", view_of(engine, choice, pipeline_id))


@router.get("/pipelines/{pipeline_id}/updates/{update_id}")
def update(request: Request, engine: Pipelines, pipeline_id: str, update_id: str, choice: Chosen) -> HTMLResponse:
    """An update."""
    return _page(request, "pipelines/update.html", view_of(engine, choice, pipeline_id, update_id))


@router.get("/pipelines/{pipeline_id}/updates/{update_id}/live")
def update_live(request: Request, engine: Pipelines, pipeline_id: str, update_id: str, choice: Chosen) -> HTMLResponse:
    """The part of an update's page that changes by itself."""
    return _page(request, "pipelines/live/update.html", view_of(engine, choice, pipeline_id, update_id))


def _page(request: Request, template: str, view: View) -> HTMLResponse:
    return render(request, template, view=view, kinds=KINDS)
