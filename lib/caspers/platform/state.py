"""`_internal_state.resources`, the register of everything that notebooks created, so that it can be removed."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tenacity import retry, retry_if_exception_message, stop_after_attempt, wait_random_exponential

from caspers import clock
from caspers.platform import home_page, sql

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

TABLE = "_internal_state.resources"
_ROW = "task STRING, type STRING, id STRING, name STRING, created_at TIMESTAMP, payload STRING"
_COLUMNS = "task, type, id, name, created_at, payload"
_GIVEN = f"from_json(:rows, 'ARRAY<STRUCT<{_ROW}>>')"


@dataclass(frozen=True)
class Resource:
    """A thing in the workspace: what it is, its id and name there, the task that made it, details as `payload`."""

    type: str
    id: str
    name: str
    task: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def register(
    ws: "Workbook", task: str, type: str, id: object, name: str, payload: dict[str, Any] | None = None
) -> None:
    """Enter one thing that `task` made into the register; an existing entry is updated and keeps its place."""
    register_all(ws, task, [Resource(type, str(id), name, task, payload or {})])


def register_all(ws: "Workbook", task: str, resources: list[Resource]) -> None:
    """Enter several things that `task` made into the register; an entry that is up to date is not written again.

    Safe for notebooks that run at the same time. Two concurrent runs of one task may write an entry twice; `resources`
    returns it once. Raises ValueError if `task` is not a task's key.
    """
    known = {_key(each): each for each in _rows(ws, f"WHERE task = '{_checked(task)}'")}
    made = {_key(each): each for each in (replace(resource, task=task) for resource in resources)}
    new = [each for key, each in made.items() if key not in known]
    changed = [each for key, each in made.items() if key in known and each != known[key]]
    if new:
        _write(ws, f"INSERT INTO {ws.full_name(TABLE)} ({_COLUMNS}) SELECT inline({_GIVEN})", new)
    if changed:
        _write(
            ws,
            f"""
            MERGE INTO {ws.full_name(TABLE)} AS known USING (SELECT inline({_GIVEN})) AS made
            ON known.task = '{_checked(task)}' AND known.type = made.type AND known.name = made.name
            WHEN MATCHED THEN UPDATE SET id = made.id, payload = made.payload""",
            changed,
        )
    if new or changed:
        home_page.show_resources(ws, task, {**known, **made}.values())


def resources(ws: "Workbook") -> list[Resource]:
    """Everything that was registered, the oldest first; empty if nothing ever was."""
    return list({_key(each): each for each in _rows(ws)}.values())


def forget(ws: "Workbook", resource: Resource) -> None:
    """Remove a thing from the register, once it is gone from the workspace."""
    ws.sql(
        f"DELETE FROM {ws.full_name(TABLE)} WHERE task = :task AND type = :type AND name = :name",
        task=resource.task,
        type=resource.type,
        name=resource.name,
    )


def _key(resource: Resource) -> tuple[str, str, str]:
    return resource.task, resource.type, resource.name


def _rows(ws: "Workbook", where: str = "") -> list[Resource]:
    columns = "type, id, name, task, payload"
    try:
        rows = ws.sql(f"SELECT {columns} FROM {ws.full_name(TABLE)} {where} ORDER BY created_at, task, type, name")
    except RuntimeError as error:
        if sql.names_no_table(error):
            return []
        raise
    return [Resource(**{**row, "payload": json.loads(row["payload"] or "{}")}) for row in rows]


@retry(
    retry=retry_if_exception_message(match=r"(?s).*(DELTA_CONCURRENT|DELTA_METADATA_CHANGED|PROTOCOL_CHANGED).*"),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(multiplier=0.2, max=3),
    reraise=True,
)
def _write(ws: "Workbook", statement: str, made: list[Resource]) -> None:
    moment = clock.now().isoformat()
    rows = [{**asdict(each), "created_at": moment, "payload": json.dumps(each.payload)} for each in made]
    _in_table(ws, statement, rows=json.dumps(rows))


def _in_table(ws: "Workbook", statement: str, **values: str) -> None:
    try:
        ws.sql(statement, **values)
    except RuntimeError as error:
        if not sql.names_no_table(error):
            raise
        # Partitioned by task: notebooks that run side by side then write to different files and never conflict.
        ws.sql(f"CREATE SCHEMA IF NOT EXISTS {ws.full_name(TABLE.partition('.')[0])}")
        ws.sql(f"CREATE TABLE IF NOT EXISTS {ws.full_name(TABLE)} ({_ROW}) PARTITIONED BY (task)")
        ws.sql(statement, **values)


def _checked(task: str) -> str:
    """A task's key as a literal: a bound value would hide from Delta which partition the write is in."""
    if not task.replace("_", "").isalnum():
        raise ValueError(f"{task!r} is not a task's key: it must be letters, digits and _")
    return task
