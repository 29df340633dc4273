"""`_internal_state.resources`: every thing that a notebook made, so that it can be removed again."""

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tenacity import retry, retry_if_exception_message, stop_after_attempt, wait_random_exponential

from caspers import clock

if TYPE_CHECKING:
    from caspers.connect import Workbook

TABLE = "_internal_state.resources"
_ROW = "type STRING, id STRING, name STRING, created_at TIMESTAMP, payload STRING"


@dataclass(frozen=True)
class Resource:
    """A thing in the workspace: what it is, its id and name there, the task that made it, details as `payload`."""

    type: str
    id: str
    name: str
    task: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def register(ws: "Workbook", task: str, type: str, id: object, name: str, payload: dict | None = None) -> None:
    """Remember one thing that `task` made; one that is known already is updated and keeps its place."""
    register_all(ws, task, [Resource(type, str(id), name, task, payload or {})])


@retry(retry=retry_if_exception_message(match=r"(?s).*(DELTA_CONCURRENT|DELTA_METADATA_CHANGED|PROTOCOL_CHANGED).*"),
       stop=stop_after_attempt(8), wait=wait_random_exponential(multiplier=0.2, max=3), reraise=True)
def register_all(ws: "Workbook", task: str, resources: list[Resource]) -> None:
    """Remember several things that `task` made, in one write. Notebooks may do so at the same time."""
    moment = clock.now().isoformat()
    rows = [{**asdict(resource), "created_at": moment, "payload": json.dumps(resource.payload)}
            for resource in resources]
    _in_table(ws, f"""
        MERGE INTO {TABLE} AS known
        USING (SELECT inline(from_json(:rows, 'ARRAY<STRUCT<{_ROW}>>'))) AS made
        ON known.task = '{_checked(task)}' AND known.type = made.type AND known.name = made.name
        WHEN MATCHED THEN UPDATE SET id = made.id, payload = made.payload
        WHEN NOT MATCHED THEN INSERT (task, type, id, name, created_at, payload)
        VALUES ('{_checked(task)}', made.type, made.id, made.name, made.created_at, made.payload)""",
              rows=json.dumps(rows))


def resources(ws: "Workbook") -> list[Resource]:
    """Everything that was registered, the oldest first; empty if nothing ever was."""
    try:
        rows = ws.sql(f"SELECT type, id, name, task, payload FROM {TABLE} ORDER BY created_at, task, type, name")
    except RuntimeError as error:
        if _is_missing(error):
            return []
        raise
    return [Resource(**{**row, "payload": json.loads(row["payload"] or "{}")}) for row in rows]


def forget(ws: "Workbook", resource: Resource) -> None:
    """Strike a thing that is gone from the list."""
    ws.sql(f"DELETE FROM {TABLE} WHERE task = :task AND type = :type AND name = :name",
           task=resource.task, type=resource.type, name=resource.name)


def _in_table(ws: "Workbook", statement: str, **values: str) -> None:
    try:
        ws.sql(statement, **values)
    except RuntimeError as error:
        if not _is_missing(error):
            raise
        # Partitioned by task: notebooks that run side by side then write to different files and never conflict.
        ws.sql(f"CREATE SCHEMA IF NOT EXISTS {TABLE.partition('.')[0]}")
        ws.sql(f"CREATE TABLE IF NOT EXISTS {TABLE} (task STRING, {_ROW}) PARTITIONED BY (task)")
        ws.sql(statement, **values)


def _is_missing(error: RuntimeError) -> bool:
    return any(code in str(error) for code in ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"))


def _checked(task: str) -> str:
    """A task's key as a literal: a bound value would hide from Delta which partition the write is in."""
    if not task.replace("_", "").isalnum():
        raise ValueError(f"{task!r} is no task key")
    return task
