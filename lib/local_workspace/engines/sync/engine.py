"""Synced tables: which Delta table each Postgres table follows, and the progress of each sync."""

import re
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import cast

import psycopg

from local_workspace.engines.sync.documents import SyncedTable, Wanted
from local_workspace.engines.sync.lake import Lake
from local_workspace.engines.sync.source import DeltaSource
from local_workspace.engines.sync.target import Target
from local_workspace.engines.sync.worker import Progress, SyncWorker
from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso

SYNCED = "postgres_synced_table"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


class SyncEngine:
    """The workspace's synced tables.

    `connect(project, database)` opens a connection, `target(catalog)` gives the project and database of a
    Postgres catalog, `lake` finds and reads Delta tables.
    """

    def __init__(
        self,
        store: Store,
        connect: Callable[[str, str], psycopg.Connection],
        target: Callable[[str], tuple[str, str]],
        lake: Lake,
    ) -> None:
        self._store, self._connect, self._target, self._lake = store, connect, target, lake
        self._workers: dict[str, SyncWorker] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Resume every sync where its position is."""
        for doc in self._tables():
            self._follow(doc)

    def stop(self) -> None:
        """End all syncs; their positions are in Postgres."""
        with self._lock:
            for worker in self._workers.values():
                worker.stop()
            self._workers.clear()

    def names(self) -> list[str]:
        """Ids (`catalog.schema.table`) of all synced tables."""
        return [doc["id"] for doc in self._tables()]

    def create(self, wanted: Wanted) -> SyncedTable:
        """Begin to sync a Delta table.

        Raises 400 for a bad name, source, key or policy or without storage, 404 if the catalog or the schema of the
        storage is missing, 409 if the table exists.
        """
        catalog, schema, table = _three_parts(wanted.id, "Synced table")
        source_catalog, source_schema, source_table = _three_parts(wanted.source, "Source table")
        if wanted.policy != "CONTINUOUS":
            raise invalid(f"Scheduling policy {wanted.policy} is not supported here: use CONTINUOUS.")
        with self._lock:
            if self._store.get(SYNCED, wanted.id):
                raise already_exists(f"Synced table {wanted.id} already exists.")
            project, known = self._target(catalog)
            if wanted.database not in (None, known):
                raise invalid(f"Catalog {catalog} is database {known}, not {wanted.database}.")
            if not self._lake.has_schema(source_catalog, source_schema):
                raise invalid(f"Source table {wanted.source} does not exist.")
            storage_catalog, storage_schema = self._storage(wanted)
            path = self._lake.location(source_schema, source_table)
            DeltaSource(path, wanted.source, self._lake.query).check(wanted.key)
            with self._connect(project, known) as connection:
                if Target(schema, table, wanted.key).columns(connection):
                    raise already_exists(f"Database {known} has a table {schema}.{table} already.")
            doc: SyncedTable = {
                "id": wanted.id,
                "uid": str(uuid.uuid4()),
                "create_time": now_iso(),
                "project": project,
                "database": known,
                "schema": schema,
                "table": table,
                "key": wanted.key,
                "source": wanted.source,
                "source_schema": source_schema,
                "source_table": source_table,
                "path": str(path),
                "storage_catalog": storage_catalog,
                "storage_schema": storage_schema,
            }
            self._store.put(SYNCED, wanted.id, {**doc})
            self._follow(doc)
            return doc

    def get(self, table_id: str) -> tuple[SyncedTable, Progress]:
        """A synced table and its progress. Raises 404."""
        doc = cast(SyncedTable | None, self._store.get(SYNCED, table_id))
        if doc is None:
            raise not_found(f"Synced table {table_id} does not exist.")
        worker = self._workers.get(table_id)
        return doc, worker.progress if worker else Progress()

    def newest(self, doc: SyncedTable) -> int | None:
        """The newest version of a synced table's source; None if the source is gone."""
        try:
            return DeltaSource(Path(doc["path"]), doc["source"], self._lake.query).version
        except Exception:  # any error of reading the source, which the worker reports itself
            return None

    def delete(self, table_id: str) -> None:
        """End a sync and drop the Postgres table. Raises 404, or 400 if views depend on the table."""
        with self._lock:
            doc, _ = self.get(table_id)
            self._end(table_id)
            try:
                with self._connect(doc["project"], doc["database"]) as connection:
                    _target_of(doc).drop(connection)
            except psycopg.errors.DependentObjectsStillExist as error:
                self._follow(doc)
                raise invalid(f"Synced table {table_id} can't be dropped: {error.diag.message_detail}") from None
            self._store.delete(SYNCED, table_id)

    def forget(self, project: str) -> None:
        """End the syncs into a project that is being deleted with its data."""
        with self._lock:
            for doc in self._tables():
                if doc["project"] == project:
                    self._end(doc["id"])
                    self._store.delete(SYNCED, doc["id"])

    def _storage(self, wanted: Wanted) -> tuple[str, str]:
        """Catalog and schema of the sync pipeline's files. A Lakebase catalog holds none, so both must be sent.

        The SDK says so in `databricks.sdk.service.database.NewPipelineSpec`, for a destination in "a managed postgres
        catalog". Nothing is stored there by a local workspace. Raises 400, or 404 if there is no such schema.
        """
        catalog, schema = wanted.storage_catalog, wanted.storage_schema
        if not catalog or not schema:
            raise invalid(
                f"Synced table {wanted.id} is in a Lakebase catalog, which can't hold the files of its pipeline: set "
                "new_pipeline_spec.storage_catalog and new_pipeline_spec.storage_schema to a catalog and a schema "
                "where you may create Delta tables."
            )
        if not self._lake.has_schema(catalog, schema):
            raise not_found(
                f"Schema {catalog}.{schema} of new_pipeline_spec does not exist: create it first, or name another."
            )
        return catalog, schema

    def _tables(self) -> list[SyncedTable]:
        return cast(list[SyncedTable], self._store.list(SYNCED))

    def _locate(self, doc: SyncedTable) -> Path:
        """The folder of a synced table's source; its last known folder while Spark isn't available."""
        try:
            return self._lake.location(doc["source_schema"], doc["source_table"])
        except RuntimeError:
            return Path(doc["path"])

    def _follow(self, doc: SyncedTable) -> None:
        worker = SyncWorker(
            doc["source"],
            lambda: self._locate(doc),
            self._lake.query,
            _target_of(doc),
            lambda: self._connect(doc["project"], doc["database"]),
        )
        self._workers[doc["id"]] = worker
        worker.start()

    def _end(self, table_id: str) -> None:
        worker = self._workers.pop(table_id, None)
        if worker:
            worker.stop()


def _target_of(doc: SyncedTable) -> Target:
    return Target(doc["schema"], doc["table"], doc["key"])


def _three_parts(name: str, what: str) -> tuple[str, str, str]:
    parts = name.split(".")
    if len(parts) != 3 or not all(_IDENTIFIER.fullmatch(part) for part in parts):
        raise invalid(f"{what} {name!r} must be catalog.schema.table.")
    return parts[0], parts[1], parts[2]
