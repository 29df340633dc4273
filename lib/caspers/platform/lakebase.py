"""Lakebase: names of an instance's branch and endpoint, synced tables, connections, and waiting for rows.

Everything goes through the official clients. A Lakebase instance is a *project*; what the workbook uses of it is the
branch and the endpoint that every project comes with.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypedDict

import psycopg
from databricks.sdk.errors import AlreadyExists, NotFound, ResourceConflict
from databricks.sdk.service.postgres import (
    NewPipelineSpec,
    SyncedTable,
    SyncedTableSyncedTableSpec,
    SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy,
)
from psycopg.rows import TupleRow
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential, wait_fixed

from caspers.platform.client import HasClient, required
from caspers.platform.waiting import timed_out

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


def ensure_synced_table(ws: HasClient, table: str, source: str, key: Sequence[str]) -> SyncedTable:
    """Synced table `table`, following Delta table `source` (both catalog.schema.table); created if it doesn't exist.

    `key` are the columns of its primary key.

    Raises ValueError if it follows another table.
    """
    found = find(ws.w.postgres.get_synced_table, f"synced_tables/{table}") or _make_synced_table(ws, table, source, key)
    if found.spec and found.spec.source_table_full_name not in (None, source):
        raise ValueError(f"Synced table {table} follows {found.spec.source_table_full_name}, not {source}.")
    return found


def synced_spec(source: str, key: Sequence[str]) -> SyncedTableSyncedTableSpec:
    """What a continuous synced table of Delta table `source` (catalog.schema.table) with primary key `key` is.

    The sync is a pipeline. It keeps its checkpoints beside the source: a Lakebase catalog has no place for them.
    """
    catalog, schema, _ = source.split(".")
    return SyncedTableSyncedTableSpec(
        source_table_full_name=source,
        primary_key_columns=list(key),
        scheduling_policy=CONTINUOUS,
        new_pipeline_spec=NewPipelineSpec(storage_catalog=catalog, storage_schema=schema),
    )


def _make_synced_table(ws: HasClient, table: str, source: str, key: Sequence[str]) -> SyncedTable:
    try:
        return ws.w.postgres.create_synced_table(SyncedTable(spec=synced_spec(source, key)), table).wait()
    except (AlreadyExists, ResourceConflict):  # another process made it since we looked
        return ws.w.postgres.get_synced_table(f"synced_tables/{table}")


def online(ws: HasClient, table: str) -> bool:
    """Whether synced table `table` exists, with its first snapshot in Postgres."""
    found = find(ws.w.postgres.get_synced_table, f"synced_tables/{table}")
    return found is not None and "ONLINE" in _state(found)


def wait_online(ws: HasClient, table: str, timeout: float = 900) -> SyncedTable:
    """Synced table `table` once its first snapshot is in Postgres.

    Raises RuntimeError with the service's message if the sync failed, TimeoutError after `timeout` seconds.
    """

    def look() -> SyncedTable:
        found = ws.w.postgres.get_synced_table(f"synced_tables/{table}")
        if _state(found).endswith("FAILED"):
            raise RuntimeError(f"Synced table {table} is {_state(found)}: {found.status and found.status.message}")
        return found

    return Retrying(
        retry=retry_if_result(lambda found: "ONLINE" not in _state(found)),
        wait=wait_exponential(multiplier=0.1, max=5),
        stop=stop_after_delay(timeout),
        retry_error_callback=timed_out(f"Synced table {table} is not online"),
    )(look)


def wait_following(ws: HasClient, table: str, timeout: float = 120) -> SyncedTable:
    """Synced table `table` once its sync works again after an interruption. Raises TimeoutError after `timeout` s."""
    return Retrying(
        retry=retry_if_result(lambda found: _state(found).endswith("FAILED")),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(timeout),
        retry_error_callback=timed_out(f"Synced table {table} does not follow its source"),
    )(ws.w.postgres.get_synced_table, f"synced_tables/{table}")


class ConnectArguments(TypedDict):
    """The arguments of `psycopg.connect` that say where a database is and who connects."""

    host: str
    port: int
    dbname: str
    user: str
    password: str
    sslmode: str


def connect_args(ws: HasClient, project: str, database: str) -> ConnectArguments:
    """The arguments of `psycopg.connect` for a database, with a new credential.

    A credential is valid for an hour, so make these anew for each connection.

    An endpoint listens on Postgres' usual port, over TLS alone. On a laptop that can't have that port, such as one with
    macOS, the host has its port behind a colon.
    """
    found = ws.w.postgres.get_endpoint(endpoint_path(project))
    hosts = required(found.status.hosts if found.status else None, "hosts of the endpoint")
    host, _, port = required(hosts.host, "host of the endpoint").partition(":")
    credential = ws.w.postgres.generate_database_credential(endpoint_path(project))
    return {
        "host": host,
        "port": int(port or PORT),
        "dbname": database,
        "user": required(ws.w.current_user.me().user_name, "name of the user"),
        "password": required(credential.token, "database credential"),
        "sslmode": "require",
    }


def connect(ws: HasClient, project: str, database: str) -> psycopg.Connection[TupleRow]:
    """A connection to a database of an instance, each statement a transaction of its own."""
    return psycopg.connect(**connect_args(ws, project, database), autocommit=True, connect_timeout=30)


def wait_for_rows(
    connection: psycopg.Connection[TupleRow], query: str, enough: Callable[[list[TupleRow]], bool], timeout: float = 120
) -> float:
    """Wait until `enough(rows)` is true of the rows of `query`; returns the seconds it took.

    A table that doesn't exist yet counts as no rows. Raises TimeoutError with the last rows after `timeout` seconds.
    """
    began = time.perf_counter()
    Retrying(
        retry=retry_if_result(lambda rows: not enough(rows)),
        wait=wait_fixed(0.02),
        stop=stop_after_delay(timeout),
        retry_error_callback=timed_out(query),
    )(lambda: _rows(connection, query))
    return time.perf_counter() - began


def _rows(connection: psycopg.Connection[TupleRow], query: str) -> list[TupleRow]:
    try:
        return connection.execute(query.encode()).fetchall()
    except psycopg.errors.UndefinedTable:
        return []


def _state(table: SyncedTable) -> str:
    state = table.status.detailed_state if table.status else None
    return state.value if state else "UNKNOWN"
