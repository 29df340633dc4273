"""The page of a pipeline, and that of one of its updates."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Pipelines
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.pipelines.graph import KINDS
from local_workspace.pages.pipelines.view import Choice, view_of

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
    return whole_or_part(request, "pipelines/pipeline", view=view_of(engine, choice, pipeline_id), kinds=KINDS)


@router.get("/pipelines/{pipeline_id}/updates/{update_id}")
def update(request: Request, engine: Pipelines, pipeline_id: str, update_id: str, choice: Chosen) -> HTMLResponse:
    """An update."""
    return whole_or_part(request, "pipelines/update", view=view_of(engine, choice, pipeline_id, update_id), kinds=KINDS)
