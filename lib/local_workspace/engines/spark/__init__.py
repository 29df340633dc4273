"""The Spark Connect server."""

from local_workspace.engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
