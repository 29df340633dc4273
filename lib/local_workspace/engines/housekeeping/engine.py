"""Shortens logs and removes the files of old versions of tables, once an hour.

On Databricks predictive optimization runs VACUUM on managed tables
(https://docs.databricks.com/aws/en/optimizations/predictive-optimization). A table keeps the files of the versions that
its `delta.deletedFileRetentionDuration` covers, which is seven days unless it is set.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from local_workspace.engines.catalog.documents import TableSummary
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home
from local_workspace.runtime.log_files import rotate

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

EVERY_SECONDS = 3_600
FEW_VERSIONS = 20
"""A table with fewer new versions than that is left for later."""
_WRITTEN_HERE = {"MANAGED", "STREAMING_TABLE", "MATERIALIZED_VIEW"}

log = logging.getLogger(__name__)

Relations = Callable[[], Sequence[TableSummary]]


class HousekeepingEngine:
    """Keeps the logs and the tables of `home` from growing; `relations` are the tables and views that there are."""

    def __init__(self, home: Home, spark: SparkEngine, relations: Relations) -> None:
        self._home, self._spark, self._relations = home, spark, relations
        self._seen: dict[str, int] = {}  # the version of each table that was cleaned up last
        self._stopped = threading.Event()

    def start(self) -> None:
        """Clean up once an hour, beginning an hour from now."""
        threading.Thread(target=self._loop, name="housekeeping", daemon=True).start()

    def stop(self) -> None:
        """Begin no more; a statement that runs ends with the Spark server."""
        self._stopped.set()

    def run(self) -> list[str]:
        """Clean up now; returns the full names of the tables whose old files have been removed."""
        for path in self._home.logs.glob("*.log"):
            rotate(path)
        with self._spark.own_session() as session:
            return [table["full_name"] for table in self._relations() if self._clean(session, table)]

    def _loop(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                cleaned = self.run()
            except (
                RuntimeError,
                ApiError,
                OSError,
            ):  # Spark is down, or the disk is full: it tries again in an hour
                log.exception("housekeeping failed")
            else:
                log.info("housekeeping: the old files of %d tables have been removed", len(cleaned))

    def _clean(self, session: "SparkSession", table: TableSummary) -> bool:
        """Remove a table's old files, if enough has been written since the last time; returns whether."""
        from pyspark.errors import PySparkException  # importable once there is a session

        if table["table_type"] not in _WRITTEN_HERE or self._stopped.is_set():
            return False
        name = ".".join(f"`{part}`" for part in table["full_name"].split("."))
        try:
            if _version(session, name) - self._seen.get(name, 0) < FEW_VERSIONS:
                return False
            session.sql(f"VACUUM {name}").collect()
            self._seen[name] = _version(session, name)  # VACUUM writes versions too
        except PySparkException as error:  # dropped meanwhile, or not of Delta: the others are still cleaned up
            log.warning("housekeeping of %s: %s", table["full_name"], str(error).partition("\n")[0])
            return False
        return True


def _version(session: "SparkSession", name: str) -> int:
    return int(session.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"])
