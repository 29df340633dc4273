"""The list of pipelines."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.pipelines.documents import Pipeline, Update
from local_workspace.engines.pipelines.spec import schema_of
from local_workspace.pages.engines import Pipelines
from local_workspace.pages.live import whole_or_part
from local_workspace.routes.object_access import PIPELINES, visible

router = APIRouter(include_in_schema=False)

_SHOWN_UPDATES = 10


@dataclass(frozen=True)
class Listed:
    """A pipeline in the list; its `updates` are the last ones, the oldest first."""

    pipeline_id: str
    name: str
    state: str
    continuous: bool
    schema: str
    datasets: int
    updates: list[Update]


@router.get("/pipelines")
def pipelines(request: Request, engine: Pipelines) -> HTMLResponse:
    """Every pipeline that the caller may see, with its state and its last updates."""
    found = visible(request, PIPELINES, engine.list(), lambda each: each["pipeline_id"])
    listed = sorted((_one(engine, each) for each in found), key=lambda each: each.name.lower())
    return whole_or_part(request, "pipelines/list", pipelines=listed)


def _one(engine: PipelinesEngine, found: Pipeline) -> Listed:
    return Listed(
        found["pipeline_id"],
        found["name"],
        engine.state(found["pipeline_id"]),
        bool(found["spec"].get("continuous")),
        schema_of(found["spec"]),
        len(found["tables"]),
        engine.updates.list(found["pipeline_id"])[:_SHOWN_UPDATES][::-1],
    )
