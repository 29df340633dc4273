"""Shortens logs, removes old traces, the files of old versions of tables and what Spark has left, once an hour.

On Databricks predictive optimization runs VACUUM on managed tables
(https://docs.databricks.com/aws/en/optimizations/predictive-optimization). A table keeps the files of the versions that
its `delta.deletedFileRetentionDuration` covers, which is seven days unless it is set. A materialized view is written
anew with each update, and its earlier versions can't be queried
(https://docs.databricks.com/en/delta-live-tables/limitations.html): unless it is set, they stay for queries that run.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from local_workspace.engines.catalog.documents import DeltaTableVersion
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home
from local_workspace.runtime.log_files import rotate
from local_workspace.runtime.quoting import quoted

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

EVERY_SECONDS = 3_600
LOOK_SECONDS = 10.0
VIEW_HOURS = 6
"""How long the earlier versions of a materialized view stay."""
TRACE_DAYS = 7
"""How long a trace stays that belongs to no run of an experiment."""
FEW_VERSIONS = 20
"""A table with fewer new versions than that is left for later."""
_DAY_SECONDS = 86_400
_RETENTION = "delta.deletedFileRetentionDuration"
_WRITTEN_HERE = {"MANAGED", "STREAMING_TABLE", "MATERIALIZED_VIEW"}

log = logging.getLogger(__name__)

Tables = Callable[[], Sequence[DeltaTableVersion]]
DeleteTraces = Callable[[int], int]
"""Deletes the traces of no run that began before a time (ms since 1970); returns how many."""


class HousekeepingEngine:
    """Keeps the logs, traces and tables of `home` from growing; `tables` are the Delta tables that there are.

    Its hour is one of the clock `wall`, by which files grow old: that a laptop sleeps is found out within LOOK_SECONDS.
    """

    def __init__(
        self,
        home: Home,
        spark: SparkEngine,
        tables: Tables,
        delete_traces: DeleteTraces,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._home, self._spark, self._tables, self._wall = home, spark, tables, wall
        self._delete_traces = delete_traces
        self._seen: dict[str, int] = {}  # the version of each table after it was last cleaned up
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
        self._spark.clean_up()
        cleaned = self._clean_tables()
        self._delete_traces(int((self._wall() - TRACE_DAYS * _DAY_SECONDS) * 1000))
        return cleaned

    def _clean_tables(self) -> list[str]:
        due = [table for table in self._tables() if self._is_due(table)]
        if not due:
            return []
        with self._spark.own_session() as session:
            session.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")  # it wants seven days
            cleaned = [table["full_name"] for table in due if self._clean(session, table)]
        # VACUUM writes versions too.
        self._seen |= {each["full_name"]: each["version"] for each in self._tables() if each["full_name"] in cleaned}
        return cleaned

    def _loop(self) -> None:
        before = self._wall()
        while not self._stopped.wait(LOOK_SECONDS):
            now = self._wall()
            before = min(before, now)  # the clock may have been set back
            if now - before < EVERY_SECONDS:
                continue
            before = now
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

    def _is_due(self, table: DeltaTableVersion) -> bool:
        written = table["version"] - self._seen.get(table["full_name"], 0)
        return table["table_type"] in _WRITTEN_HERE and written >= FEW_VERSIONS

    def _clean(self, session: "SparkSession", table: DeltaTableVersion) -> bool:
        """Remove a table's old files; returns whether that was done."""
        from pyspark.errors import PySparkException  # importable once there is a session

        if self._stopped.is_set():
            return False
        name = ".".join(map(quoted, table["full_name"].split(".")))
        try:
            session.sql(f"VACUUM {name}{_retained(session, name, table['table_type'])}").collect()
        except PySparkException as error:  # dropped meanwhile: the others are still cleaned up
            log.warning("housekeeping of %s: %s", table["full_name"], str(error).partition("\n")[0])
            return False
        return True


def _retained(session: "SparkSession", name: str, table_type: str) -> str:
    """The clause of VACUUM with the retention of a materialized view; none where the table's own holds."""
    if table_type != "MATERIALIZED_VIEW":
        return ""
    properties = {row.key for row in session.sql(f"SHOW TBLPROPERTIES {name}").collect()}
    return "" if _RETENTION in properties else f" RETAIN {VIEW_HOURS} HOURS"
