"""`connect()`: the one place that knows whether the workbook runs on a laptop or on Databricks."""

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

from caspers import config, names
from caspers.platform import connection, environment, sql
from caspers.platform.client import required
from caspers.platform.connection import Connection

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from pyspark.sql import SparkSession

WAREHOUSE = "caspers"
_UPLOADS = 4  # at a time; on Databricks each takes a tenth of a second
_SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def connect(catalog: str) -> "Workbook":
    """The workbook opened in `catalog`; starts the local workspace if no Databricks workspace is configured.

    Sets this process' environment so that every official client finds the workspace. Raises ValueError for a name
    that is not an identifier, RuntimeError if the workspace can't be started.
    """
    from caspers import parameters

    parameters.check("CATALOG", catalog)
    found = connection.ensure()
    found.enter()
    return Workbook(catalog, found)


class Workbook:
    """The official clients of one workspace, each made when it is first used, and one catalog. Made by `connect`."""

    def __init__(self, catalog: str, found: Connection) -> None:
        self.catalog, self.connection = catalog, found

    def __repr__(self) -> str:
        """The catalog and where it is, without addresses: these differ at each start, and outputs are compared."""
        return f"<Workbook {self.catalog} on {'this laptop' if self.local else 'Databricks'}>"

    @property
    def local(self) -> bool:
        """Whether the workspace runs on this machine."""
        return self.connection.local

    @cached_property
    def w(self) -> "WorkspaceClient":
        """The Databricks SDK's client of the workspace."""
        from databricks.sdk import WorkspaceClient

        if self.local:
            # Explicit, as Azure or service-principal credentials in the environment would be a second way to sign in.
            return WorkspaceClient(host=self.connection.host, token=self.connection.token, auth_type="pat")
        return WorkspaceClient()

    @cached_property
    def spark(self) -> "SparkSession":
        """A Spark Connect session. A notebook on Databricks has one already, which this is."""
        environment.check_installed("pyspark")
        from databricks.connect import DatabricksSession

        if self.local:
            self.wait_for("spark")
            return DatabricksSession.builder.remote(
                required(self.connection.spark_remote, "Spark address")
            ).getOrCreate()
        in_notebook = "DATABRICKS_RUNTIME_VERSION" in os.environ
        return (DatabricksSession.builder if in_notebook else DatabricksSession.builder.serverless()).getOrCreate()

    @cached_property
    def mlflow(self) -> ModuleType:
        """The module `mlflow`, set to the workspace's tracking server and model registry."""
        warnings.filterwarnings("ignore", message="IProgress not found")  # of the progress bars that it imports
        import mlflow

        if self.local:
            self.wait_for("mlflow")
        mlflow.set_tracking_uri(self.connection.mlflow_tracking_uri)
        mlflow.set_registry_uri(connection.MODEL_REGISTRY)
        return mlflow

    def volume(self, schema: str, name: str) -> str:
        """The path of the volume `schema.name`, for Spark as well as for `open`."""
        if home := self.connection.home:
            return str(home / "volumes" / schema / name)
        return f"/Volumes/{self.catalog}/{schema}/{name}"

    def upload(self, file: Path, contents: BinaryIO) -> None:
        """Write a file of a volume (a path below `volume`), whole or not at all, by the Files API.

        It may replace a file. What is written under another name can't be renamed: a volume on Databricks answers
        ENOSYS (https://github.com/earth-mover/icechunk/issues/2341).
        """
        if home := self.connection.home:
            file = Path("/Volumes", self.catalog) / file.relative_to(home / "volumes")
        self.w.files.upload(str(file), contents, overwrite=True)

    @cached_property
    def warehouse_id(self) -> str:
        """The id of the workbook's SQL warehouse, which is created if it does not exist.

        Where none may be created, such as a second one in Databricks' Free Edition, it is the first that exists.
        Raises databricks.sdk.errors.DatabricksError if there is none.
        """
        from databricks.sdk.errors.base import DatabricksError

        name = self.shared(WAREHOUSE)
        if found := self._warehouses().get(name):
            return found
        try:
            return sql.create_warehouse(self.w, name)
        except DatabricksError:
            known = self._warehouses()  # with the one that another notebook may have created since we looked
            if not known:
                raise
            return known.get(name) or next(iter(known.values()))

    def full_name(self, name: str) -> str:
        """The schema, or the table, view or function schema.name, of the workbook's catalog, as SQL refers to it."""
        return names.in_catalog(self.catalog, name)

    def shared(self, name: str) -> str:
        """The name of a job, pipeline or warehouse, with the catalog behind it unless that is the default."""
        return names.shared(name, self.catalog)

    def shared_id(self, name: str) -> str:
        """The name of an endpoint or experiment, with the catalog behind it unless that is the default."""
        return names.shared_id(name, self.catalog)

    def sql(self, statement: str, **values: Any) -> list[sql.Row]:
        """The rows of a SQL statement by column name, run on the warehouse, without a Spark session.

        `values` are bound to `:name` in it. Raises RuntimeError with the engine's message.
        """
        return sql.query(self.w, self.warehouse_id, statement, values)

    def publish(self, path: str | Path) -> str:
        """Copy a file or folder of this repository into the workspace; returns its path there.

        Jobs and pipelines run from there. A notebook's path has no `.ipynb` there, as on Databricks. Raises
        FileNotFoundError.
        """
        source = config.REPO / path
        if not source.exists():
            raise FileNotFoundError(f"{source} does not exist, so it can't be copied to the workspace.")
        files = list(_files(source))
        for folder in sorted({self._workspace_path(file).rpartition("/")[0] for file in files}):
            self.w.workspace.mkdirs(folder)
        with ThreadPoolExecutor(_UPLOADS, thread_name_prefix="publish") as pool:
            list(pool.map(self._upload, files))
        return self._workspace_path(source)

    def offer_ai_query(self) -> None:
        """Give `spark` the SQL function `ai_query` on a laptop; Databricks has it built in."""
        if self.local:
            from caspers.platform import ai_query

            ai_query.offer(self.spark, self.connection.host, required(self.connection.token, "token"))

    def wait_for(self, engine: str) -> None:
        """Return once the local workspace's engine `spark` or `mlflow` is ready; at once on Databricks."""
        if self.local:
            self.w.api_client.do("POST", f"/api/local/wait/{engine}")

    def _warehouses(self) -> dict[str, str]:
        return {each.name: each.id for each in self.w.warehouses.list() if each.name and each.id}

    @cached_property
    def _folder(self) -> str:
        return f"/Workspace/Users/{self.w.current_user.me().user_name}/{self.shared_id('caspers-workbook')}"

    def _workspace_path(self, path: Path) -> str:
        relative = path.relative_to(config.REPO)
        return f"{self._folder}/{relative.with_suffix('') if path.suffix == '.ipynb' else relative}"

    def _upload(self, file: Path) -> None:
        from databricks.sdk.service.workspace import ImportFormat

        target = self._workspace_path(file)
        kind = ImportFormat.JUPYTER if file.suffix == ".ipynb" else ImportFormat.RAW
        with file.open("rb") as content:
            self.w.workspace.upload(target, content, format=kind, overwrite=True)


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for file in sorted(source.rglob("*")):
        if file.is_file() and not _SKIPPED & set(file.parts):
            yield file
