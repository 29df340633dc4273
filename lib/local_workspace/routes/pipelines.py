"""The Pipelines API: /api/2.0/pipelines."""

import fnmatch
import glob
import re
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.engines.pipelines import PipelinesEngine, documents
from local_workspace.engines.pipelines.unsupported import UPDATE_DONE, UPDATE_REFUSED, UPDATE_WITHOUT_EFFECT
from local_workspace.http.bodies import Body, PathText, Text
from local_workspace.http.paging import PageToken, page
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.object_access import PIPELINES, Needs, give_to_maker, visible
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import refuse
from local_workspace.runtime.timestamps import ms_to_iso

router = APIRouter(prefix="/api/2.0/pipelines", dependencies=[REFUSE_UNKNOWN])
NAME_FILTER = re.compile(r"\s*name\s+like\s+'(.*)'\s*", re.I)
DEFAULT_SIZE, MAX_SIZE = 25, 100

Filter = Annotated[Text | None, Query(alias="filter", max_length=500)]
OrderBy = Annotated[list[Text] | None, Query(max_length=10)]
Size = Annotated[int, Query(ge=0, le=MAX_SIZE, description=f"0 is {DEFAULT_SIZE}")]
Json = dict[str, Any]
Nothing = dict[str, None]
Identifier = Annotated[Text, Field(max_length=255)]


class Include(Body):
    """Files of the workspace: a path, or a folder followed by `/**`."""

    include: PathText | None = None


class File(Body):
    """One file of the workspace."""

    path: PathText | None = None


class Library(Body):
    """The location of a part of a pipeline's source."""

    glob: Include | None = None
    file: File | None = None
    notebook: File | None = None


class Cluster(Body):
    """The cluster that a pipeline would run on."""


class Spec(Body):
    """A pipeline's spec, stored and returned as sent."""

    name: Identifier | None = None
    catalog: Identifier | None = None
    schema_: Annotated[Identifier | None, Field(alias="schema")] = None
    target: Identifier | None = None
    continuous: bool | None = None
    libraries: Annotated[list[Library], Field(max_length=100)] | None = None
    configuration: dict[Text, Text] | None = None
    root_path: PathText | None = None
    clusters: Annotated[list[Cluster], Field(max_length=100)] | None = None
    allow_duplicate_names: bool | None = None
    expected_last_modified: int | None = None

    def settings(self) -> documents.Spec:
        """The fields that the client sent, in the engine's type, without `id`, which is not part of a stored spec."""
        return cast("documents.Spec", {name: value for name, value in self.sent().items() if name != "id"})


class StartUpdate(Body):
    """The options of an update."""

    full_refresh: bool | None = None
    cause: Identifier | None = None
    development: bool | None = None


class PipelineId(TypedDict):
    """The id of a created pipeline."""

    pipeline_id: str


class UpdateId(TypedDict):
    """The id of a started update."""

    update_id: str


def _engine(request: Request) -> PipelinesEngine:
    engine: PipelinesEngine = request.app.state.engines.pipelines
    return engine


Pipelines = Annotated[PipelinesEngine, Depends(_engine)]
_VIEWS, _RUNS, _OWNS = (Depends(Needs(PIPELINES, "pipeline_id", level)) for level in ("CAN_VIEW", "CAN_RUN", OWNER))


@router.post("")
def create(request: Request, engine: Pipelines, spec: Spec) -> PipelineId:
    """Create a pipeline."""
    pipeline_id = engine.create(spec.settings())
    give_to_maker(request, PIPELINES, pipeline_id)
    return {"pipeline_id": pipeline_id}


@router.get("")
def list_pipelines(
    request: Request,
    engine: Pipelines,
    condition: Filter = None,
    order_by: OrderBy = None,
    page_token: PageToken = "",
    max_results: Size = DEFAULT_SIZE,
) -> Json:
    """Those that the caller may see; `filter` may be `name LIKE 'pattern'`, `order_by` the id or the name."""
    pattern = _pattern(condition)
    seen = visible(request, PIPELINES, engine.list(), lambda doc: doc["pipeline_id"])
    matching = [doc for doc in seen if fnmatch.fnmatchcase(doc["name"].lower(), pattern)]
    field, descending = _order(order_by, "id", "name")
    matching.sort(key=lambda doc: doc["name"] if field == "name" else doc["pipeline_id"], reverse=descending)
    docs, token = page(request, matching, max_results or DEFAULT_SIZE, page_token)
    return _listed("statuses", [_summary(engine, doc) for doc in docs], token)


@router.get("/{pipeline_id}", dependencies=[_VIEWS])
def get(engine: Pipelines, pipeline_id: str) -> Json:
    """One pipeline with its spec."""
    doc = engine.get(pipeline_id)
    return {**_summary(engine, doc), "spec": {**doc["spec"], "id": pipeline_id}, "last_modified": doc["last_modified"]}


@router.put("/{pipeline_id}", dependencies=[_OWNS])
def edit(engine: Pipelines, pipeline_id: str, spec: Spec) -> Nothing:
    """Replace a pipeline's spec."""
    engine.edit(pipeline_id, spec.settings())
    return {}


@router.delete("/{pipeline_id}", dependencies=[_OWNS])
def delete(engine: Pipelines, pipeline_id: str, cascade: bool = True, force: bool = False) -> Nothing:
    """Delete a pipeline and, with `cascade`, its tables; with `force` even if they can't be dropped."""
    engine.delete(pipeline_id, cascade, force)
    return {}


@router.post("/{pipeline_id}/stop", dependencies=[_RUNS])
def stop(engine: Pipelines, pipeline_id: str) -> Nothing:
    """Cancel the running update, and pause a continuous pipeline."""
    engine.halt(pipeline_id)
    return {}


@router.post("/{pipeline_id}/updates", dependencies=[_RUNS])
def start_update(engine: Pipelines, pipeline_id: str, body: StartUpdate | None = None) -> UpdateId:
    """Start an update."""
    options = body.sent() if body else {}
    refuse(options, UPDATE_DONE | UPDATE_WITHOUT_EFFECT, UPDATE_REFUSED)
    cause = options.get("cause", "API_CALL")
    return {"update_id": engine.start_update(pipeline_id, options.get("full_refresh", False), cause)}


@router.get("/{pipeline_id}/updates", dependencies=[_VIEWS])
def list_updates(
    request: Request,
    engine: Pipelines,
    pipeline_id: str,
    page_token: PageToken = "",
    max_results: Size = DEFAULT_SIZE,
    until_update_id: Text | None = None,
) -> Json:
    """Updates, newest first, a page at a time, back to `until_update_id` if it is given."""
    engine.get(pipeline_id)
    docs, token = page(
        request, engine.updates.list(pipeline_id, until_update_id), max_results or DEFAULT_SIZE, page_token
    )
    shown = [{key: value for key, value in doc.items() if key != "config"} for doc in docs]
    return _listed("updates", shown, token)


@router.get("/{pipeline_id}/updates/{update_id}", dependencies=[_VIEWS])
def get_update(engine: Pipelines, pipeline_id: str, update_id: str) -> Json:
    """One update."""
    engine.get(pipeline_id)
    return {"update": engine.updates.get(pipeline_id, update_id)}


@router.get("/{pipeline_id}/events", dependencies=[_VIEWS])
def list_events(
    request: Request,
    engine: Pipelines,
    pipeline_id: str,
    condition: Filter = None,
    page_token: PageToken = "",
    max_results: Size = DEFAULT_SIZE,
    order_by: OrderBy = None,
) -> Json:
    """The event log, newest first unless `order_by` is `timestamp asc`."""
    _, descending = _order(order_by or ["timestamp desc"], "timestamp")
    events = engine.events(pipeline_id).read(condition, oldest_first=not descending)
    items, token = page(request, events, max_results or DEFAULT_SIZE, page_token)
    return _listed("events", [dict(event) for event in items], token)


def _summary(engine: PipelinesEngine, doc: documents.Pipeline) -> Json:
    updates = engine.updates.list(doc["pipeline_id"])[:5]
    failed = bool(updates) and updates[0]["state"] == "FAILED"
    return {
        "pipeline_id": doc["pipeline_id"],
        "name": doc["name"],
        "state": engine.state(doc["pipeline_id"]),
        "health": "UNHEALTHY" if failed else "HEALTHY",
        "latest_updates": [
            {
                "update_id": update["update_id"],
                "state": update["state"],
                "creation_time": ms_to_iso(update["creation_time"]),
            }
            for update in updates
        ],
    }


def _listed(name: str, items: Sequence[Json], token: str | None) -> Json:
    return {name: list(items)} | ({"next_page_token": token} if token else {})


def _order(order_by: Sequence[str] | None, *fields: str) -> tuple[str, bool]:
    """The field of `fields` that `order_by` names, the first if it is empty, and whether it descends. Raises 400."""
    field, _, direction = " ".join(order_by or fields[:1]).lower().partition(" ")
    if field not in fields or direction not in ("", "asc", "desc"):
        raise invalid(f"order_by: {order_by} is not supported; use {' or '.join(fields)} followed by asc or desc.")
    return field, direction == "desc"


def _pattern(condition: str | None) -> str:
    """A filter's pattern as a glob in small letters, whose matching takes linear time. Raises ApiError 400."""
    if not condition:
        return "*"
    found = NAME_FILTER.fullmatch(condition)
    if not found:
        raise invalid(f"filter: {condition!r} is not supported; use name LIKE 'pattern'.")
    return glob.escape(found[1]).replace("%", "*").replace("_", "?").lower()
