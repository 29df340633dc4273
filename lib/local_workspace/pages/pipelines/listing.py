"""The list of pipelines."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.pipelines.documents import Pipeline, Update
from local_workspace.engines.pipelines.spec import schema_of
from local_workspace.pages.engines import Pipelines
from local_workspace.pages.live import whole_or_part

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
    """Every pipeline with its state and its last updates."""
    return whole_or_part(request, "pipelines/list", pipelines=_listed(engine))


def _listed(engine: PipelinesEngine) -> list[Listed]:
    return sorted((_one(engine, found) for found in engine.list()), key=lambda each: each.name.lower())


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
