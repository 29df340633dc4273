"""The Pipelines API: /api/2.0/pipelines."""

import re
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.timestamps import ms_to_iso

router = APIRouter(prefix="/api/2.0/pipelines")
NAME_FILTER = re.compile(r"\s*name\s+like\s+'(.*)'\s*", re.I)
Filter = Annotated[str | None, Query(alias="filter")]


def _engine(request: Request) -> PipelinesEngine:
    return request.app.state.engines.pipelines


@router.post("")
def create(request: Request, spec: Annotated[dict, Body()]) -> dict:
    """Create a pipeline."""
    return {"pipeline_id": _engine(request).create(spec)}


@router.get("")
def list_pipelines(request: Request, condition: Filter = None, page_token: int = 0, max_results: int = 25) -> dict:
    """Pipelines, a page at a time; `filter` may be `name LIKE 'pattern'`."""
    engine = _engine(request)
    matching = [doc for doc in engine.list() if _matches(doc["name"], condition)]
    page, token = _page(matching, page_token, max_results)
    return {"statuses": [_summary(engine, doc) for doc in page], **token}


@router.get("/{pipeline_id}")
def get(request: Request, pipeline_id: str) -> dict:
    """One pipeline with its spec."""
    engine = _engine(request)
    doc = engine.get(pipeline_id)
    return {**_summary(engine, doc), "spec": {**doc["spec"], "id": pipeline_id}, "last_modified": doc["last_modified"]}


@router.put("/{pipeline_id}")
def edit(request: Request, pipeline_id: str, spec: Annotated[dict, Body()]) -> dict:
    """Replace a pipeline's spec."""
    _engine(request).edit(pipeline_id, {key: value for key, value in spec.items() if key != "id"})
    return {}


@router.delete("/{pipeline_id}")
def delete(request: Request, pipeline_id: str) -> dict:
    """Remove a pipeline and its tables."""
    _engine(request).delete(pipeline_id)
    return {}


@router.post("/{pipeline_id}/stop")
def stop(request: Request, pipeline_id: str) -> dict:
    """Cancel the running update, and let a continuous pipeline rest."""
    _engine(request).halt(pipeline_id)
    return {}


@router.post("/{pipeline_id}/updates")
def start_update(request: Request, pipeline_id: str, body: Annotated[dict | None, Body()] = None) -> dict:
    """Start an update."""
    options = body or {}
    unsupported = options.keys() - {"full_refresh", "cause", "development"}
    if unsupported:
        raise invalid(f"The local workspace updates whole pipelines; it knows no {', '.join(sorted(unsupported))}")
    cause = options.get("cause", "API_CALL")
    return {"update_id": _engine(request).start_update(pipeline_id, bool(options.get("full_refresh")), cause)}


@router.get("/{pipeline_id}/updates")
def list_updates(request: Request, pipeline_id: str, page_token: int = 0, max_results: int = 25) -> dict:
    """Updates, newest first, a page at a time."""
    engine = _engine(request)
    engine.get(pipeline_id)
    page, token = _page(engine.updates.list(pipeline_id), page_token, max_results)
    return {"updates": [{key: value for key, value in doc.items() if key != "config"} for doc in page], **token}


@router.get("/{pipeline_id}/updates/{update_id}")
def get_update(request: Request, pipeline_id: str, update_id: str) -> dict:
    """One update."""
    engine = _engine(request)
    engine.get(pipeline_id)
    return {"update": engine.updates.get(pipeline_id, update_id)}


@router.get("/{pipeline_id}/events")
def list_events(
    request: Request,
    pipeline_id: str,
    condition: Filter = None,
    page_token: int = 0,
    max_results: int = 25,
    order_by: Annotated[list[str] | None, Query()] = None,
) -> dict:
    """The event log, newest first unless `order_by` is `timestamp asc`."""
    oldest_first = any("asc" in order.lower().split() for order in order_by or [])
    events = _engine(request).events(pipeline_id).read(condition, oldest_first)
    page, token = _page(events, page_token, max_results)
    return {"events": page, **token}


def _summary(engine: PipelinesEngine, doc: dict) -> dict:
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


def _page(rows: list[dict], offset: int, size: int) -> tuple[list[dict], dict]:
    more = len(rows) > offset + size
    return rows[offset : offset + size], {"next_page_token": str(offset + size)} if more else {}


def _matches(name: str, condition: str | None) -> bool:
    if not condition:
        return True
    found = NAME_FILTER.fullmatch(condition)
    if not found:
        raise invalid(f"The filter \"{condition}\" is not supported; use name LIKE 'pattern'")
    pattern = re.escape(found[1]).replace("%", ".*").replace("_", ".")
    return re.fullmatch(pattern, name, re.I) is not None
