"""Spark's metastore: queries and changes."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from local_workspace.engines.catalog.documents import SparkRelation, SparkRoutine, SparkSchema
from local_workspace.engines.catalog.kept import KeptDocuments, Wanted
from local_workspace.engines.spark.errors import message
from local_workspace.runtime.errors import invalid, unavailable

if TYPE_CHECKING:
    from pyspark.sql import Row
    from pyspark.sql.connect.session import SparkSession


class Sessions(Protocol):
    """The Spark server's sessions: those of SparkEngine."""

    def session(self, schema: str | None = None) -> "SparkSession":
        """A session. Raises RuntimeError while the server isn't ready."""

    def forget_session(self, schema: str | None) -> None:
        """Drop the cached session of a schema."""


class Metastore:
    """Spark's schemas, tables and functions. Names must be identifiers.

    Everything raises ApiError 400 for what Spark refuses, and 503 while the server isn't ready.
    """

    def __init__(self, spark: Sessions, kept: KeptDocuments) -> None:
        self._spark, self._kept = spark, kept

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

    def schemas(self, name: str | None = None) -> list[SparkSchema]:
        """The schemas, by name; only `name` if it is given."""
        return cast("list[SparkSchema]", self._documents(Wanted("schemas", name)))

    def relations(self, schema: str | None = None, name: str | None = None) -> list[SparkRelation]:
        """The tables and views, by name; only those of `schema` and called `name` if these are given."""
        return cast("list[SparkRelation]", self._documents(Wanted("relations", schema, name)))

    def routines(self, schema: str | None = None, name: str | None = None) -> list[SparkRoutine]:
        """The SQL functions, by name; only those of `schema` and called `name` if these are given."""
        return cast("list[SparkRoutine]", self._documents(Wanted("routines", schema, name)))

    def _documents(self, wanted: Wanted) -> list[object]:
        """What the Spark server's table of documents holds; names are identifiers, kept in lower case."""
        self._ready_session()  # also for what is kept: while there is no server, there is no metastore
        return self._kept.documents(wanted, lambda: self._read(wanted))

    def _read(self, wanted: Wanted) -> list[str]:
        # All columns: Spark would start a job to choose some, which waits while other jobs have all processors.
        rows = self.sql(f"SELECT * FROM local_workspace.{wanted.table}{wanted.condition}")
        return [row.document for row in rows]

    def forget_session(self, schema: str) -> None:
        """Drop the cached session of a schema that was removed."""
        self._spark.forget_session(schema)

    def _ready_session(self) -> "SparkSession":
        try:
            return self._spark.session()
        except RuntimeError as error:
            raise unavailable(str(error)) from error
