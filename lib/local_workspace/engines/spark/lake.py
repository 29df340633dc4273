"""Delta tables by name, as the metastore knows them, and queries over them."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from local_workspace.engines.spark.engine import SparkEngine
from local_workspace.runtime.errors import invalid


class SparkLake:
    """Finds and reads tables with the Spark server. Waits for it while it is starting."""

    def __init__(self, spark: SparkEngine) -> None:
        self._spark = spark

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether `catalog` is the workspace's, and has that schema."""
        known = catalog.lower() == self._spark.catalog().lower()
        return known and self._spark.session().catalog.databaseExists(f"`{schema}`")

    def location(self, schema: str, table: str) -> Path:
        """The folder of a Delta table, wherever it lies. Raises ApiError 400 if there is none of that name."""
        session = self._spark.session()
        if not session.catalog.tableExists(f"`{schema}`.`{table}`"):
            raise invalid(f"Source table {schema}.{table} does not exist.")
        detail = session.sql(f"DESCRIBE DETAIL `{schema}`.`{table}`").collect()[0]
        if detail.format != "delta":
            raise invalid(f"Source table {schema}.{table} is not a Delta table: its format is {detail.format}.")
        return Path(unquote(urlsplit(detail.location).path))

    def query(self, statement: str) -> pa.Table:
        """The rows of a query, times in UTC, which is the server's time zone."""
        return self._spark.session().sql(statement).toArrow()
