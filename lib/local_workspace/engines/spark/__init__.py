"""The Spark Connect server, and the Delta tables that it knows."""

from local_workspace.engines.spark.engine import SparkEngine
from local_workspace.engines.spark.lake import SparkLake

__all__ = ["SparkEngine", "SparkLake"]
