"""The MLflow server: experiments, traces, registered models."""

from local_workspace.engines.mlflow.engine import MlflowEngine

__all__ = ["MlflowEngine"]
