"""The buttons of a pipeline: start an update, start one that begins from nothing, stop."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from local_workspace.engines.pipelines.spec import schema_of
from local_workspace.pages.engines import Pipelines
from local_workspace.pages.rendering import render, seen

router = APIRouter(include_in_schema=False)

_CAUSE = "USER_ACTION"  # as Databricks calls an update that a user has started on its page


@router.post("/pipelines/{pipeline_id}/start")
def start(engine: Pipelines, pipeline_id: str) -> RedirectResponse:
    """Start an update."""
    engine.start_update(pipeline_id, cause=_CAUSE)
    return seen(f"/pipelines/{pipeline_id}")


@router.get("/pipelines/{pipeline_id}/full-refresh")
def ask_full_refresh(request: Request, engine: Pipelines, pipeline_id: str) -> HTMLResponse:
    """What a full refresh would do, with the button that starts it."""
    pipeline = engine.get(pipeline_id)
    tables = [table.replace("`", "") for table in pipeline["tables"]]
    schema = schema_of(pipeline["spec"])
    return render(request, "pipelines/full_refresh.html", pipeline=pipeline, tables=tables, schema=schema)


@router.post("/pipelines/{pipeline_id}/full-refresh")
def full_refresh(engine: Pipelines, pipeline_id: str) -> RedirectResponse:
    """Start an update that empties the streaming tables and reads all their sources again."""
    engine.start_update(pipeline_id, full_refresh=True, cause=_CAUSE)
    return seen(f"/pipelines/{pipeline_id}")


@router.post("/pipelines/{pipeline_id}/stop")
def stop(engine: Pipelines, pipeline_id: str) -> RedirectResponse:
    """Cancel the running update, and pause a continuous pipeline."""
    engine.halt(pipeline_id)
    return seen(f"/pipelines/{pipeline_id}")
