"""`connect()`: the one place that knows whether the workbook runs on a laptop or on Databricks."""

import os
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from caspers import config
from caspers.platform import connection, sql
from caspers.platform.connection import Connection

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from pyspark.sql import SparkSession

WAREHOUSE = "caspers"
_SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def connect(catalog: str) -> "Workbook":
    """A session in `catalog`; starts the local workspace if no Databricks workspace is configured.

    Raises ValueError for a name that is no identifier, RuntimeError if the workspace can't be started.
    """
    from caspers import parameters

    parameters.check("CATALOG", catalog)
    found = connection.ensure()
    os.environ.update(found.environment())  # so that every official client of this process finds it
    return Workbook(catalog, found)


class Workbook:
    """Official clients of one workspace, opened in one catalog. Made by `connect`."""

    def __init__(self, catalog: str, found: Connection) -> None:
        self.catalog, self.connection = catalog, found

    def __repr__(self) -> str:
        """The catalog and the kind of home, without addresses: those change from start to start."""
        return f"<Workbook {self.catalog} on {'this laptop' if self.local else 'Databricks'}>"

    @property
    def local(self) -> bool:
        """Whether the workspace runs on this machine."""
        return self.connection.local

    @cached_property
    def w(self) -> "WorkspaceClient":
        """The Databricks SDK's client."""
        from databricks.sdk import WorkspaceClient

        if self.local:
            return WorkspaceClient(host=self.connection.host, token=self.connection.token)
        return WorkspaceClient()

    @cached_property
    def spark(self) -> "SparkSession":
        """A Spark Connect session whose two-level names are in the catalog."""
        from databricks.connect import DatabricksSession

        if self.local:
            self.wait_for("spark")
            return DatabricksSession.builder.remote(self.connection.spark_remote).getOrCreate()
        session = DatabricksSession.builder.serverless().getOrCreate()
        session.catalog.setCurrentCatalog(self.catalog)
        return session

    @cached_property
    def mlflow(self) -> ModuleType:
        """The module mlflow, with its tracking server and model registry set to the workspace's."""
        warnings.filterwarnings("ignore", message="IProgress not found")  # of the progress bars that it imports
        import mlflow

        if self.local:
            self.wait_for("mlflow")
        mlflow.set_tracking_uri(self.connection.mlflow_tracking_uri)
        mlflow.set_registry_uri(self.connection.mlflow_tracking_uri if self.local else "databricks-uc")
        return mlflow

    @property
    def source_format(self) -> str:
        """Spark's source for files as they arrive: Auto Loader on Databricks, plain JSON on a laptop."""
        return "json" if self.local else "cloudFiles"

    def volume(self, schema: str, name: str) -> str:
        """The directory of a volume, for Spark and for `open`."""
        if self.local:
            return str(self.connection.home / "volumes" / schema / name)
        return f"/Volumes/{self.catalog}/{schema}/{name}"

    @cached_property
    def warehouse_id(self) -> str:
        """The SQL warehouse of the workbook, made if it isn't there."""
        from databricks.sdk.errors import BadRequest

        known = self._warehouses()
        if WAREHOUSE not in known:
            try:
                self.w.warehouses.create(
                    name=WAREHOUSE,
                    cluster_size="2X-Small",
                    max_num_clusters=1,
                    auto_stop_mins=10,
                    enable_serverless_compute=True,
                )
            except BadRequest:  # another notebook made it in the meantime
                if WAREHOUSE not in self._warehouses():
                    raise
            known = self._warehouses()
        return known[WAREHOUSE]

    def sql(self, statement: str, schema: str | None = None, **values: Any) -> list[dict]:
        """The rows of a SQL statement as dicts; `:name` in it stands for a value. Needs no Spark session."""
        return sql.query(self.w, self.warehouse_id, statement, values, None if self.local else self.catalog, schema)

    def publish(self, path: str | Path) -> str:
        """Copy a file or folder of this repository into the workspace; returns its path there.

        A notebook's path has no `.ipynb` there, as Databricks wants it. Raises FileNotFoundError.
        """
        source = config.REPO / path
        if not source.exists():
            raise FileNotFoundError(f"{source} does not exist; it can't be copied to the workspace")
        for file in _files(source):
            self._upload(file)
        return self._workspace_path(source)

    def offer_ai_query(self) -> None:
        """Return once SQL on `spark` has the function `ai_query`, which Databricks has anyway."""
        if self.local:
            from caspers.platform import ai_query

            ai_query.offer(self.spark, self.connection.host, self.connection.token)

    def wait_for(self, engine: str) -> None:
        """Return once the local workspace's engine `spark` or `mlflow` is ready; at once on Databricks."""
        if self.local:
            self.w.api_client.do("POST", f"/api/local/wait/{engine}")

    def _warehouses(self) -> dict[str, str]:
        return {warehouse.name: warehouse.id for warehouse in self.w.warehouses.list()}

    @cached_property
    def _folder(self) -> str:
        return f"/Workspace/Users/{self.w.current_user.me().user_name}/caspers-workbook"

    def _workspace_path(self, path: Path) -> str:
        relative = path.relative_to(config.REPO)
        return f"{self._folder}/{relative.with_suffix('') if path.suffix == '.ipynb' else relative}"

    def _upload(self, file: Path) -> None:
        from databricks.sdk.service.workspace import ImportFormat

        target = self._workspace_path(file)
        self.w.workspace.mkdirs(target.rsplit("/", 1)[0])
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
