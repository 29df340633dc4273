"""Spark's metastore: queries and changes."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.spark.errors import message
from local_workspace.runtime.errors import invalid, unavailable

if TYPE_CHECKING:
    from pyspark.sql import Row
    from pyspark.sql.connect.session import SparkSession


class Metastore:
    """Spark's schemas, tables and functions. Names must be identifiers.

    Everything raises ApiError 400 for what Spark refuses, and 503 while the server isn't ready.
    """

    def __init__(self, spark: SparkEngine) -> None:
        self._spark = spark

    @contextlib.contextmanager
    def session(self) -> Iterator["SparkSession"]:
        """A session; what Spark refuses in it is an ApiError 400."""
        session = self._ready_session()
        from pyspark.errors import AnalysisException  # importable once there is a session

        try:
            yield session
        except AnalysisException as error:
            raise invalid(message(error)) from error

    def sql(self, statement: str) -> "list[Row]":
        """The rows of a statement."""
        with self.session() as session:
            return session.sql(statement).collect()

    def forget_session(self, schema: str) -> None:
        """Drop the cached session of a schema that was removed."""
        self._spark.forget_session(schema)

    def _ready_session(self) -> "SparkSession":
        try:
            return self._spark.session()
        except RuntimeError as error:
            raise unavailable(str(error)) from error
