"""The state of everything in the register, each from the service that owns it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import TYPE_CHECKING, NotRequired, TypedDict
from urllib.parse import quote

from caspers.names import in_catalog
from caspers.platform import state
from caspers.platform.client import HasClient, required
from caspers.platform.state import Resource

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

MISSING = "MISSING"  # registered, but the service doesn't know it
REQUESTS_AT_ONCE = 8


class Found(TypedDict):
    """What the service that owns a resource reports: its state, where to use it, and a table's rows."""

    state: str
    url: NotRequired[str | None]
    rows: NotRequired[int]


class Entry(TypedDict):
    """A registered resource and its state; `rows` of a table only."""

    type: str
    name: str
    task: str
    state: str
    url: str | None
    rows: NotRequired[int]


def status(ws: "Workbook") -> list[Entry]:
    """One entry per registered resource, the oldest first.

    `state` is the state that its service reports, MISSING if it has no such thing, or ERROR and its message.
    `url` is where to use it, None if it has no address; a Postgres project's is a connection URI with a credential
    that is valid for an hour. Raises RuntimeError if the register can't be read.
    """
    with ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="status") as pool:
        return list(pool.map(lambda resource: _describe(ws, resource), state.resources(ws)))


def full_name(ws: "Workbook", name: str, parts: int = 3) -> str:
    """`name` with the catalog in front, if it has fewer than `parts` parts."""
    return name if name.count(".") == parts - 1 else f"{ws.catalog}.{name}"


def postgres_uri(ws: HasClient, project: str, database: str) -> str:
    """A `postgresql://` URI to `database` of the project with id `project`, with a new credential."""
    from caspers.platform import lakebase

    parts = lakebase.connect_args(ws, project, database)
    user, password = quote(parts["user"], safe=""), quote(parts["password"], safe="")
    return f"postgresql://{user}:{password}@{parts['host']}:{parts['port']}/{database}?sslmode={parts['sslmode']}"


def is_missing(error: Exception) -> bool:
    """Whether a service's error says that there is no such thing."""
    from databricks.sdk.errors import NotFound

    return isinstance(error, NotFound) or getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST"


def _describe(ws: "Workbook", resource: Resource) -> Entry:
    entry = Entry(type=resource.type, name=resource.name, task=resource.task, state="UNKNOWN", url=None)
    find = REQUESTS.get(resource.type)
    if find is None:
        return entry
    try:
        return {**entry, **find(ws, resource)}
    except Exception as error:  # one service's error must not hide the state of the others: it becomes the state
        return {**entry, "state": MISSING if is_missing(error) else f"ERROR {_first_line(error)}"}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _word(value: Enum | None, otherwise: str = "UNKNOWN") -> str:
    return otherwise if value is None else str(value.value)


def _job(ws: "Workbook", resource: Resource) -> Found:
    job_id = int(resource.id)
    settings = required(ws.w.jobs.get(job_id).settings, "settings of the job")
    paused = settings.schedule is not None and _word(settings.schedule.pause_status, "") == "PAUSED"
    schedule = "PAUSED" if paused else "SCHEDULED" if settings.schedule else "UNSCHEDULED"
    ended = next(iter(ws.w.jobs.list_runs(job_id=job_id, completed_only=True, limit=1)), None)
    outcome = f", last run {_word(ended.state.result_state)}" if ended and ended.state else ""
    running = any(True for _ in ws.w.jobs.list_runs(job_id=job_id, active_only=True, limit=1))
    return {"state": schedule + outcome + (", running" if running else "")}


def _pipeline(ws: "Workbook", resource: Resource) -> Found:
    return {"state": _word(ws.w.pipelines.get(resource.id).state)}


def _endpoint(ws: "Workbook", resource: Resource) -> Found:
    found = ws.w.serving_endpoints.get(resource.name)
    return {
        "state": _word(found.state.ready if found.state else None),
        "url": f"{ws.w.config.host}/serving-endpoints/{found.name}/invocations",
    }


def _app(ws: "Workbook", resource: Resource) -> Found:
    found = ws.w.apps.get(resource.name)
    return {"state": _word(found.app_status.state if found.app_status else None), "url": found.url}


def _model(ws: "Workbook", resource: Resource) -> Found:
    ws.mlflow.MlflowClient().get_registered_model(resource.name)
    return {"state": "REGISTERED"}


def _warehouse(ws: "Workbook", resource: Resource) -> Found:
    return {"state": _word(ws.w.warehouses.get(resource.id).state)}


def _project(ws: "Workbook", resource: Resource) -> Found:
    from caspers.platform import lakebase

    project = resource.id.removeprefix("projects/")
    found = ws.w.postgres.get_endpoint(lakebase.endpoint_path(project))
    return {
        "state": _word(found.status.current_state if found.status else None),
        "url": postgres_uri(ws, project, resource.payload.get("database", "postgres")),
    }


def _postgres_catalog(ws: "Workbook", resource: Resource) -> Found:
    ws.w.postgres.get_catalog(resource_path("catalogs", resource.id))
    return {"state": "ACTIVE"}


def _synced_table(ws: "Workbook", resource: Resource) -> Found:
    found = ws.w.postgres.get_synced_table(resource_path("synced_tables", resource.id))
    return {"state": _word(found.status.detailed_state if found.status else None)}


def _table(ws: "Workbook", resource: Resource) -> Found:
    name = full_name(ws, resource.name)
    ws.w.tables.get(name)
    return {"state": "ACTIVE", "rows": ws.sql(f"SELECT count(*) AS n FROM {in_catalog(*name.split('.', 1))}")[0]["n"]}


def _present(get: Callable[["Workbook", str], object], parts: int) -> Callable[["Workbook", Resource], Found]:
    def find(ws: "Workbook", resource: Resource) -> Found:
        get(ws, full_name(ws, resource.name, parts))
        return {"state": "ACTIVE"}

    return find


def resource_path(collection: str, id: str) -> str:
    """The path of a Lakebase resource, such as `projects/x`; `id` may be the path already."""
    return id if id.startswith(f"{collection}/") else f"{collection}/{id}"


# How to find the state of each type of resource.
REQUESTS: dict[str, Callable[["Workbook", Resource], Found]] = {
    "catalog": _present(lambda ws, name: ws.w.catalogs.get(name), 1),
    "schema": _present(lambda ws, name: ws.w.schemas.get(name), 2),
    "volume": _present(lambda ws, name: ws.w.volumes.read(name), 3),
    "view": _present(lambda ws, name: ws.w.tables.get(name), 3),
    "function": _present(lambda ws, name: ws.w.functions.get(name), 3),
    "table": _table,
    "job": _job,
    "pipeline": _pipeline,
    "model": _model,
    "endpoint": _endpoint,
    "app": _app,
    "warehouse": _warehouse,
    "postgres_project": _project,
    "postgres_catalog": _postgres_catalog,
    "synced_table": _synced_table,
}
