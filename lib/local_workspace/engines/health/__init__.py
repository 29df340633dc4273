"""How the workspace's processes are: the service itself, Spark, MLflow, and each Postgres, endpoint, app and task."""

from local_workspace.engines.health.engine import EngineHealth, HealthEngine

__all__ = ["EngineHealth", "HealthEngine"]
