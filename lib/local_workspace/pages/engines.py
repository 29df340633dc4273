"""The workspace's engines, for the handlers of pages: `def page(request: Request, jobs: Jobs)`."""

from typing import Annotated

from fastapi import Depends, Request

from local_workspace.engines.apps import AppsEngine
from local_workspace.engines.catalog import UnityCatalog
from local_workspace.engines.files import VolumeFiles
from local_workspace.engines.guide import GuideEngine
from local_workspace.engines.health import HealthEngine
from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.models import ModelFiles
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.postgres import PostgresEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.sql import QueriesEngine, StatementsEngine, WarehousesEngine


class _Engine:
    """A dependency: the engine that the workspace has under `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, request: Request) -> object:
        return getattr(request.app.state.engines, self._name)


Apps = Annotated[AppsEngine, Depends(_Engine("apps"))]
Files = Annotated[VolumeFiles, Depends(_Engine("files"))]
Guide = Annotated[GuideEngine, Depends(_Engine("guide"))]
Health = Annotated[HealthEngine, Depends(_Engine("health"))]
Jobs = Annotated[JobsEngine, Depends(_Engine("jobs"))]
ModelsFiles = Annotated[ModelFiles, Depends(_Engine("model_files"))]
Pipelines = Annotated[PipelinesEngine, Depends(_Engine("pipelines"))]
Postgres = Annotated[PostgresEngine, Depends(_Engine("postgres"))]
Queries = Annotated[QueriesEngine, Depends(_Engine("queries"))]
Serving = Annotated[ServingEngine, Depends(_Engine("serving"))]
Spark = Annotated[SparkEngine, Depends(_Engine("spark"))]
Statements = Annotated[StatementsEngine, Depends(_Engine("statements"))]
Unity = Annotated[UnityCatalog, Depends(_Engine("unity"))]
Warehouses = Annotated[WarehousesEngine, Depends(_Engine("warehouses"))]
