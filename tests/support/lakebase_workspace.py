"""A workspace with nothing but Lakebase in it, for tests: real servers behind the real API, no Spark."""

import os
import socket
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import psycopg
import pyarrow as pa
import uvicorn
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import postgres as pg
from deltalake import DeltaTable, write_deltalake

from local_workspace.engines.postgres import PostgresEngine
from local_workspace.http.server import create_app
from local_workspace.routes import identity, postgres, scim
from local_workspace.runtime import principals
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from people import identity_of

USER, TOKEN, PROJECT, CATALOG = "you@localhost", "a-token", "kitchen-refunds", "kitchenrefunds"
BRANCH = f"projects/{PROJECT}/branches/production"
CDF = {"delta.enableChangeDataFeed": "true"}


class LakebaseWorkspace:
    """`w` is a client of it; `engine` the engine behind it; `tables` where its Delta tables lie."""

    def __init__(self, root: Path) -> None:
        self.home = open_home(root)
        self.store = Store(self.home.database)
        self.identity = identity_of(self.store, USER, "app-manager", "app-guest")
        routers = [postgres.router, identity.router, scim.router]
        self._app = create_app(SimpleNamespace(user=USER, identity=self.identity), TOKEN, routers)
        self.start_engine()
        self._serve()

    def start_engine(self) -> None:
        """What a starting daemon does."""
        role_of = partial(principals.role_of, TOKEN, USER, self.identity)
        self.engine = PostgresEngine(self.home, self.store, Processes(self.home), self, USER, role_of)
        self.engine.start()
        self._app.state.engines.postgres = self.engine

    def close(self) -> None:
        """Stop everything."""
        self._server.should_exit = True
        self._thread.join()
        self.engine.stop()
        self.store.close()

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether a Delta table lies in that schema; the catalogs `lake` and `my_dev` are two names for the same."""
        return catalog in ("lake", "my_dev") and (self.home.tables / f"{schema}.db").is_dir()

    def location(self, schema: str, table: str) -> Path:
        """Where a Delta table lies, as Spark would say."""
        return self.home.tables / f"{schema}.db" / table

    def query(self, statement: str) -> pa.Table:
        """There is no Spark in this workspace."""
        raise AssertionError(f"Spark was asked: {statement}")

    def write(self, table: str, frame: pl.DataFrame, mode: str = "append", **options: object) -> DeltaTable:
        """Commit to the Delta table `schema.table`, made with Change Data Feed on."""
        path = self.location(*table.split("."))
        write_deltalake(str(path), frame, mode=mode, configuration=CDF, **options)
        return DeltaTable(str(path))

    def sync(self, table: str, *key: str) -> str:
        """Begin to sync `schema.table`; returns the synced table's name."""
        policy = pg.SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS
        spec = pg.SyncedTableSyncedTableSpec(
            source_table_full_name=f"lake.{table}",
            primary_key_columns=list(key),
            scheduling_policy=policy,
            new_pipeline_spec=pg.NewPipelineSpec(storage_catalog="lake", storage_schema=table.partition(".")[0]),
        )
        return self.w.postgres.create_synced_table(pg.SyncedTable(spec=spec), f"{CATALOG}.{table}").wait().name

    def connect(self, database: str = "caspers") -> psycopg.Connection:
        """A connection as the workspace's user, each statement a transaction."""
        endpoint = self.w.postgres.get_endpoint(f"{BRANCH}/endpoints/primary")
        token = self.w.postgres.generate_database_credential(endpoint.name).token
        return psycopg.connect(
            **where(endpoint.status.hosts.host), user=USER, password=token, dbname=database, autocommit=True
        )

    def rows(self, query: str) -> list[tuple] | None:
        """What a query gives now; None if there is no such table or column yet."""
        try:
            with self.connect() as connection:
                return connection.execute(query).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return None

    def make_database(self) -> None:
        """The project, with database `caspers` registered as CATALOG."""
        make_database(self.w, PROJECT, CATALOG, "caspers")

    def _serve(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        self.w = WorkspaceClient(host=f"http://127.0.0.1:{listening.getsockname()[1]}", token=TOKEN)


def make_database(w: WorkspaceClient, project: str, catalog: str, database: str) -> None:
    """A project, and a database of it that is registered as `catalog`, as the notebooks make them."""
    w.postgres.create_project(pg.Project(), project).wait()
    branch = f"projects/{project}/branches/production"
    spec = pg.CatalogCatalogSpec(postgres_database=database, branch=branch, create_database_if_missing=True)
    w.postgres.create_catalog(pg.Catalog(spec=spec), catalog).wait()


def where(host: str) -> dict[str, str | int]:
    """How `psycopg.connect` reaches the host of an endpoint, which names its port only if it is not Lakebase's."""
    name, _, port = host.partition(":")
    return {"host": name, "port": int(port or 5432), "sslmode": "require"}


def server_pid(workspace: LakebaseWorkspace) -> int:
    """The process id of the project's Postgres."""
    mark = workspace.home.postgres / PROJECT / "postmaster.pid"
    return int(mark.read_text().split(os.linesep)[0])
