"""Lakebase for the workbook: find or make an instance, its catalog and a synced table, connect to it, wait for rows.

Everything goes through the official clients. A Lakebase instance is a *project*; what the workbook uses of it is the
branch and the endpoint that every project comes with.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound, ResourceConflict
from databricks.sdk.service.postgres import (
    Catalog,
    CatalogCatalogSpec,
    Project,
    ProjectSpec,
    SyncedTable,
    SyncedTableSyncedTableSpec,
    SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy,
)
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential, wait_fixed

if TYPE_CHECKING:
    from typing import Protocol

    class HasClient(Protocol):
        """Whatever carries a WorkspaceClient as `w`, such as `caspers.connect()`'s workbook."""

        w: WorkspaceClient


CONTINUOUS = SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS
PORT = 5432  # Lakebase's, where an endpoint's host names no other


def project_id(catalog: str, role: str) -> str:
    """The project of `catalog` for `role`, such as "refundmanager": a project's name allows no underscore."""
    name = f"{catalog}{role}".lower().replace("_", "-")
    return name if name[0].isalpha() else f"c{name}"


def branch_path(project: str) -> str:
    """The branch that every project comes with."""
    return f"projects/{project}/branches/production"


def endpoint_path(project: str) -> str:
    """The read-write endpoint that every project comes with."""
    return f"{branch_path(project)}/endpoints/primary"


def find[T](get: Callable[[str], T], name: str) -> T | None:
    """`get(name)`, or None if there is no such thing."""
    try:
        return get(name)
    except NotFound:
        return None


def ensure_instance(ws: "HasClient", project: str) -> Project:
    """The instance `project`, made if it isn't there."""
    api, name = ws.w.postgres, f"projects/{project}"
    wanted = Project(spec=ProjectSpec(display_name=project))
    return _find_or_make(api.get_project, name, lambda: api.create_project(wanted, project).wait())


def ensure_catalog(ws: "HasClient", catalog: str, project: str, database: str) -> Catalog:
    """Unity Catalog's `catalog` over a database of an instance; both are made if they aren't there.

    Raises ValueError if the catalog shows another database.
    """
    api = ws.w.postgres
    wanted = Catalog(
        spec=CatalogCatalogSpec(
            postgres_database=database, branch=branch_path(project), create_database_if_missing=True
        )
    )
    found = _find_or_make(api.get_catalog, f"catalogs/{catalog}", lambda: api.create_catalog(wanted, catalog).wait())
    if (found.status.branch, found.status.postgres_database) != (branch_path(project), database):
        raise ValueError(
            f"Catalog {catalog} shows database {found.status.postgres_database} of "
            f"{found.status.branch}, not {database} of {branch_path(project)}."
        )
    return found


def ensure_synced_table(ws: "HasClient", table: str, source: str, key: Sequence[str]) -> SyncedTable:
    """Synced table `table`, following Delta table `source` (both catalog.schema.table); made if it isn't there.

    Raises ValueError if it follows another table.
    """
    api = ws.w.postgres
    wanted = SyncedTable(
        spec=SyncedTableSyncedTableSpec(
            source_table_full_name=source, primary_key_columns=list(key), scheduling_policy=CONTINUOUS
        )
    )
    found = _find_or_make(
        api.get_synced_table, f"synced_tables/{table}", lambda: api.create_synced_table(wanted, table).wait()
    )
    if found.spec and found.spec.source_table_full_name not in (None, source):
        raise ValueError(f"Synced table {table} follows {found.spec.source_table_full_name}, not {source}.")
    return found


def online(ws: "HasClient", table: str) -> bool:
    """Whether synced table `table` is there, with its first snapshot in Postgres."""
    found = find(ws.w.postgres.get_synced_table, f"synced_tables/{table}")
    return found is not None and "ONLINE" in _state(found)


def wait_online(ws: "HasClient", table: str, timeout: float = 900) -> SyncedTable:
    """Synced table `table` once its first snapshot is in Postgres.

    Raises RuntimeError with the service's message if the sync failed, TimeoutError after `timeout` seconds.
    """

    def look() -> SyncedTable:
        found = ws.w.postgres.get_synced_table(f"synced_tables/{table}")
        if _state(found).endswith("FAILED"):
            raise RuntimeError(f"Synced table {table} is {_state(found)}: {found.status.message}")
        return found

    return Retrying(
        retry=retry_if_result(lambda found: "ONLINE" not in _state(found)),
        wait=wait_exponential(multiplier=0.1, max=5),
        stop=stop_after_delay(timeout),
        retry_error_callback=_timed_out(f"Synced table {table} is not online"),
    )(look)


def connect_args(ws: "HasClient", project: str, database: str) -> dict[str, Any]:
    """What `psycopg.connect` needs, with a credential minted now: it lives an hour, so ask for each connection.

    On Databricks an endpoint's host is a name and Postgres listens on its usual port, over TLS. A laptop's instances
    share one address, so there the host has its port behind a colon, and nothing leaves the machine.
    """
    found = ws.w.postgres.get_endpoint(endpoint_path(project))
    host, _, port = found.status.hosts.host.partition(":")
    return {
        "host": host,
        "port": int(port or PORT),
        "dbname": database,
        "user": ws.w.current_user.me().user_name,
        "password": ws.w.postgres.generate_database_credential(endpoint_path(project)).token,
        "sslmode": "disable" if port else "require",
    }


def connect(ws: "HasClient", project: str, database: str) -> psycopg.Connection:
    """A connection to a database of an instance, each statement a transaction of its own."""
    return psycopg.connect(**connect_args(ws, project, database), autocommit=True, connect_timeout=30)


def wait_for_rows(
    connection: psycopg.Connection, query: str, enough: Callable[[list[tuple]], bool], timeout: float = 120
) -> float:
    """Wait until the rows of `query` are `enough`; returns the seconds it took.

    A table that isn't there yet counts as no rows. Raises TimeoutError with the rows seen last.
    """
    began = time.perf_counter()
    Retrying(
        retry=retry_if_result(lambda rows: not enough(rows)),
        wait=wait_fixed(0.02),
        stop=stop_after_delay(timeout),
        retry_error_callback=_timed_out(query),
    )(lambda: _rows(connection, query))
    return time.perf_counter() - began


def _rows(connection: psycopg.Connection, query: str) -> list[tuple]:
    try:
        return connection.execute(query).fetchall()
    except psycopg.errors.UndefinedTable:
        return []


def _state(table: SyncedTable) -> str:
    state = table.status.detailed_state if table.status else None
    return state.value if state else "UNKNOWN"


def _timed_out(what: str) -> Callable[[Any], None]:
    def fail(attempt: Any) -> None:
        raise TimeoutError(
            f"{what}: after {attempt.seconds_since_start:.0f} s it is still {str(attempt.outcome.result())[:300]}"
        )

    return fail


def _find_or_make[T](get: Callable[[str], T], name: str, make: Callable[[], T]) -> T:
    """`get(name)`, or what `make` makes; whoever makes it at the same moment does it for us."""
    found = find(get, name)
    if found is not None:
        return found
    try:
        return make()
    except (AlreadyExists, ResourceConflict):
        return get(name)
