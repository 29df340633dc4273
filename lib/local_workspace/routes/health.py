"""The health of the workspace; Databricks has no such routes."""

from typing import Any, Literal

from fastapi import APIRouter, Request

from local_workspace.engines.health import EngineHealth, HealthEngine
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.runtime.errors import unavailable

Json = dict[str, Any]

router = APIRouter(prefix="/api/local")


@router.get("/health")
def health(request: Request) -> Json:
    """The state of Spark and MLflow, what failed to start, and the free space on the home's disk."""
    engines = request.app.state.engines
    return {
        "spark": engines.spark.state(),
        "mlflow": engines.mlflow.state(),
        "failures": engines.failures,
        "disk": engines.health.disk(),
    }


@router.get("/engines", dependencies=[REFUSE_UNKNOWN])
def engines(request: Request) -> dict[str, list[EngineHealth]]:
    """The workspace's processes with their state and what they use."""
    health: HealthEngine = request.app.state.engines.health
    return {"engines": health.list()}


@router.post("/wait/{engine}")
def wait(request: Request, engine: Literal["spark", "mlflow"]) -> dict[str, str]:
    """Answer once the engine `spark` or `mlflow` is ready."""
    chosen = {"spark": request.app.state.engines.spark, "mlflow": request.app.state.engines.mlflow}[engine]
    try:
        chosen.wait_ready()
    except RuntimeError as error:
        raise unavailable(str(error)) from None
    return {"ready": engine}
