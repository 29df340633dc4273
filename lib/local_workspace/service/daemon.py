"""The background service: creates the engines, serves their API, and stops them."""

import json
import logging
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

import psutil
import uvicorn

from local_workspace.engines.apps import AppsEngine
from local_workspace.engines.apps.documents import AppIdentity
from local_workspace.engines.catalog import TablesEngine, UnityCatalog, unity_catalog
from local_workspace.engines.catalog.documents import DeltaTableVersion
from local_workspace.engines.files import VolumeFiles
from local_workspace.engines.guide import GuideEngine
from local_workspace.engines.health import HealthEngine
from local_workspace.engines.housekeeping import HousekeepingEngine
from local_workspace.engines.identity import IdentityEngine
from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.sources import Sources
from local_workspace.engines.jobs.sql_tasks import SqlServices
from local_workspace.engines.mlflow import MlflowEngine
from local_workspace.engines.models import ModelFiles, ModelsEngine
from local_workspace.engines.permissions import Found, PermissionsEngine
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.postgres import PostgresEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.engines.spark import SparkEngine, SparkLake
from local_workspace.engines.sql import QueriesEngine, StatementsEngine, WarehousesEngine
from local_workspace.engines.sql.words import refusal
from local_workspace.engines.workspace import KINDS, WorkspaceFiles
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app, workspace_id
from local_workspace.http.sessions import Sessions
from local_workspace.pages import site
from local_workspace.routes import (
    app_permissions,
    apps,
    catalog,
    files,
    grants,
    guide,
    health,
    identity,
    jobs,
    mlflow,
    mlflow_files,
    mlflow_registry,
    models,
    permissions,
    pipelines,
    postgres,
    principal_secrets,
    queries,
    scim,
    secrets,
    serving,
    sign_in,
    sql,
    workspace,
)
from local_workspace.runtime import open_files, prepared_python, principals, sockets, software
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home, write_atomically
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.prepared_python import PreparedPython
from local_workspace.runtime.processes import Processes, started
from local_workspace.runtime.store import Store
from local_workspace.service.settings import FREE_BYTES, Settings, default_storage, load_settings

USER = "you@localhost"
ROUTES = (  # tried in this order: first those with most of the requests
    *(mlflow_registry, mlflow_files, mlflow),  # the last passes on all paths below those of the others
    *(serving, sql),
    *(
        app_permissions,
        apps,
        catalog,
        files,
        grants,
        guide,
        health,
        identity,
        jobs,
        models,
        pipelines,
        postgres,
        principal_secrets,
        queries,
        scim,
        secrets,
    ),
    *(sign_in, workspace, permissions),  # the last takes what apps and postgres leave of its paths
)

log = logging.getLogger(__name__)


@dataclass
class Engines:
    """Every engine of one workspace, in the order in which they start."""

    home: Home
    user: str
    identity: IdentityEngine
    spark: SparkEngine
    mlflow: MlflowEngine
    unity: UnityCatalog
    models: ModelsEngine
    files: VolumeFiles
    model_files: ModelFiles
    workspace_files: WorkspaceFiles
    warehouses: WarehousesEngine
    statements: StatementsEngine
    queries: QueriesEngine
    postgres: PostgresEngine
    secrets: SecretsEngine
    serving: ServingEngine
    pipelines: PipelinesEngine
    jobs: JobsEngine
    apps: AppsEngine
    permissions: PermissionsEngine
    health: HealthEngine
    guide: GuideEngine
    housekeeping: HousekeepingEngine
    failures: dict[str, str]

    def start(self) -> None:
        """Start each engine; one that fails is recorded in `failures`, and the others start nevertheless."""
        for name in ("spark", "mlflow", "postgres", "serving", "pipelines", "jobs", "apps"):
            try:
                getattr(self, name).start()
            except Exception as error:
                log.exception("engine %s did not start", name)
                self.failures[name] = str(error)
        self.housekeeping.start()

    def stop(self) -> None:
        """Stop each engine before those that it uses."""
        for name in (
            "housekeeping",
            "apps",
            "jobs",
            "pipelines",
            "serving",
            "statements",
            "postgres",
            "mlflow",
            "spark",
        ):
            try:
                getattr(self, name).stop()
            except Exception:
                log.exception("engine %s did not stop cleanly", name)


def serve(home: Home) -> None:
    """Run the workspace of `home` until SIGTERM or SIGINT. Raises SetupError if it can't start."""
    open_files.raise_limit()
    python = prepared_python.of_workspace()
    processes = Processes(home, python)
    processes.reap()
    settings = load_settings(home)
    sessions = Sessions()
    engines = build_engines(home, settings, processes, sessions)
    app = create_app(engines, settings.token, [route.router for route in ROUTES], sessions)
    site.install(app)
    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=settings.port, log_level="warning", timeout_graceful_shutdown=3),
        on_started=lambda: _announce(home, engines, settings, python),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)  # uvicorn ends the server at one of them, and then raises it once more
    server.run()
    home.connection.unlink(missing_ok=True)
    engines.stop()
    python.close()
    sockets.remove(home.run)


def build_engines(home: Home, settings: Settings, processes: Processes, sessions: Sessions) -> Engines:
    """The engines of `home`, not started yet; browsers with one of `sessions` can use its apps."""
    store, space = Store(home.database), FreeSpace(home.root, FREE_BYTES)
    spark = SparkEngine(home, processes, software.ensure(log.info), settings.spark_port, settings.token, USER)
    unity = unity_catalog(home, store, spark, USER, default_storage())
    identity_engine = IdentityEngine(store, USER, lambda: apps_engine.clients(), lambda name: revoke(name))
    workspace_files = WorkspaceFiles(home, lambda: [user["name"] for user in identity_engine.all("Users")])
    uploads = PartialFiles(home.root / "uploads.partial")
    volume_files = VolumeFiles(unity.volume_paths, uploads)
    pipelines_engine = PipelinesEngine(home, store, spark, space)
    postgres_engine = PostgresEngine(
        home,
        store,
        processes,
        SparkLake(spark),
        USER,
        partial(principals.role_of, settings.token, USER, identity_engine),
    )
    mlflow_engine, secrets_engine = MlflowEngine(home, processes), SecretsEngine(home, store)
    warehouses, saved_queries = WarehousesEngine(store, spark), QueriesEngine(store, USER)
    environment = {**client_environment(settings, spark.remote), "LOCAL_WORKSPACE_HOME": str(home.root)}
    serving_engine = ServingEngine(home, store, processes, unity.models, secrets_engine, environment)
    jobs_engine = JobsEngine(
        home,
        store,
        processes,
        workspace_files,
        pipelines_engine,
        lambda: environment,
        Sources(volume_files.resolve, partial(_table_folder, unity.tables, SparkLake(spark))),
        SqlServices(warehouses.get, saved_queries.get, spark.own_session, refusal),
        space,
        partial(_spark_of_task, spark),
    )
    found: dict[str, Found] = {
        "jobs": partial(_check_job, jobs_engine),
        "pipelines": pipelines_engine.get,
        **{kind: partial(workspace_files.find, object_type=object_type) for object_type, kind in KINDS.items()},
        "experiments": mlflow_engine.check_experiment,
        "serving-endpoints": serving_engine.by_id,
        "sql/warehouses": warehouses.get,
    }
    apps_engine = AppsEngine(
        home,
        store,
        processes,
        workspace_files,
        _app_environment(environment["DATABRICKS_HOST"], settings.token, postgres_engine),
        secrets_engine.reveal,
        partial(listen, workspace=Workspace(settings.token, USER, settings.port, sessions, identity_engine)),
        USER,
    )
    permissions_engine = PermissionsEngine(store, USER, found, identity_engine.is_known, workspace_files.places_of)

    def revoke(name: str) -> None:
        for revoking in (
            apps_engine.permissions,
            postgres_engine.permissions,
            permissions_engine,
            unity.grants,
            secrets_engine.acls,
        ):
            revoking.revoke(name)

    delta_tables = partial(_delta_tables, spark, unity.tables)
    failures: dict[str, str] = {}
    states = {"spark": spark.state, "mlflow": mlflow_engine.state}
    return Engines(
        home=home,
        failures=failures,
        health=HealthEngine(home, processes, states, failures, space),
        guide=GuideEngine(store),
        housekeeping=HousekeepingEngine(home, spark, delta_tables, mlflow_engine.delete_traces),
        user=USER,
        identity=identity_engine,
        spark=spark,
        unity=unity,
        models=unity.models,
        files=volume_files,
        model_files=ModelFiles(unity.models, uploads),
        workspace_files=workspace_files,
        warehouses=warehouses,
        queries=saved_queries,
        statements=StatementsEngine(spark),
        pipelines=pipelines_engine,
        mlflow=mlflow_engine,
        secrets=secrets_engine,
        serving=serving_engine,
        jobs=jobs_engine,
        postgres=postgres_engine,
        apps=apps_engine,
        permissions=permissions_engine,
    )


def _check_job(jobs_engine: JobsEngine, job_id: str) -> None:
    """Raise ApiError 404 if nothing has that job id, which is text here, as the permissions on it are kept by it."""
    if not re.fullmatch("[1-9][0-9]{0,17}", job_id):
        raise not_found(f"Job {job_id[:80]} does not exist.")
    jobs_engine.check(int(job_id))


def _delta_tables(spark: SparkEngine, tables: TablesEngine) -> Sequence[DeltaTableVersion]:
    """The Delta tables of the workspace's catalog; none before there is one."""
    catalog = spark.catalog()
    return tables.versions(catalog) if catalog else []


def _table_folder(tables: TablesEngine, lake: SparkLake, full_name: str) -> Path:
    """The folder of a table by its full name. Raises ApiError 404; 400 for a view."""
    table = tables.get(full_name)
    if table["table_type"] == "VIEW":
        raise invalid(f"{full_name} is a view; a local workspace watches tables only.")
    return lake.location(table["schema_name"], table["name"])


@contextmanager
def _spark_of_task(spark: SparkEngine) -> Iterator[dict[str, str]]:
    """The variables by which a task finds Spark, which ends what the task leaves on the server."""
    with spark.guest() as remote:
        yield {"SPARK_REMOTE": remote}


def client_environment(settings: Settings, spark_remote: str) -> dict[str, str]:
    """The variables with which official clients find this workspace."""
    host = f"http://127.0.0.1:{settings.port}"
    return {
        "DATABRICKS_HOST": host,
        "DATABRICKS_TOKEN": settings.token,
        "DATABRICKS_AUTH_TYPE": "pat",  # no other way to sign in, whatever else a client finds
        "SPARK_REMOTE": spark_remote,
        "MLFLOW_TRACKING_URI": host,
        "MLFLOW_TRACKING_TOKEN": settings.token,
        "MLFLOW_REGISTRY_URI": "databricks-uc",
    }


def _app_environment(host: str, token: str, postgres_engine: PostgresEngine) -> Callable[[AppIdentity], dict[str, str]]:
    """An app's own environment: its identity, its secret and its Postgres. The user's token is not in it."""

    def of_app(app: AppIdentity) -> dict[str, str]:
        me = principals.service_principal(app["name"])
        values = {
            "DATABRICKS_HOST": host,
            "DATABRICKS_CLIENT_ID": me,
            "DATABRICKS_CLIENT_SECRET": principals.secret(token, me),
            "DATABRICKS_WORKSPACE_ID": str(workspace_id(token)),
        }
        databases = [resource["postgres"] for resource in app["resources"] if "postgres" in resource]
        found = [postgres_engine.client_environment(database, me) for database in databases]
        return values | (found[0] | {"PGAPPNAME": app["name"]} if found else {})  # libpq's variables name one database

    return of_app


class _Server(uvicorn.Server):
    """uvicorn that calls `on_started` once it listens."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then call `on_started`."""
        await super().startup(sockets)
        if self.started:
            self._on_started()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Handle a signal by nothing. Unlike SIG_IGN, children don't inherit it."""


def _start(engines: Engines, python: PreparedPython) -> None:
    """Start the engines, then prepare what the first job and the first statement would otherwise wait for."""
    engines.start()
    try:
        engines.spark.wait_ready()
    except RuntimeError as error:
        log.warning("nothing is prepared: %s", error)
        return
    python.prepare()
    engines.spark.warm_up()


def _announce(home: Home, engines: Engines, settings: Settings, python: PreparedPython) -> None:
    """Start the engines and write the connection file, once the server listens."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal it was started from may close
    threading.Thread(target=_start, args=(engines, python), name="engines", daemon=True).start()
    me = psutil.Process()
    write_atomically(
        home.connection,
        json.dumps({**client_environment(settings, engines.spark.remote), "pid": me.pid, "started": started(me)}),
    )
