"""The processes that run pipeline updates."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

from local_workspace.engines.pipelines.documents import Report, UpdateRequest
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime import environment
from local_workspace.runtime.home import Home
from local_workspace.runtime.prepared_python import PreparedPython

GRACE_SECONDS = 10
_PROGRAM = "local_workspace.workers.pipeline_update"
_IMPORTED = (
    *("pyspark.pipelines.spark_connect_pipeline", "pyspark.sql.connect.session", "pandas"),
    *("local_workspace.workers.pipeline_graph", "local_workspace.workers.pipeline_publication"),
)


class UpdateProcess:
    """A process of `local_workspace.workers.pipeline_update`, a fork of `python` where that is possible.

    It ends when its stdin closes, so a killed daemon leaves no updates running.
    """

    def __init__(self, home: Home, spark: SparkEngine, python: PreparedPython) -> None:
        argv, variables = [sys.executable, "-m", _PROGRAM], _variables(spark)
        (stdin, requests), (events, stdout) = os.pipe(), os.pipe()
        self._requests, self._events = os.fdopen(requests, "w", encoding="utf-8"), os.fdopen(events, encoding="utf-8")
        try:
            with (home.logs / "pipelines.log").open("ab") as log:
                forked = python.fork(argv, environment.of_child(variables), home.root, stdout, log.fileno(), stdin)
                self._process = forked or subprocess.Popen(
                    argv,
                    cwd=home.root,
                    env=environment.of_child(variables),
                    stdin=stdin,
                    stdout=stdout,
                    stderr=log,
                    start_new_session=True,
                )
        finally:
            os.close(stdin)
            os.close(stdout)

    def run(self, request: UpdateRequest) -> Iterator[Report]:
        """Run the process's only update and yield its events; the last has a `state`, unless the process died."""
        with self._events as events:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            for line in events:
                yield json.loads(line)
        self._process.wait()

    def end(self) -> None:
        """Cancel the update, if any, and end the process. Safe to call twice."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Runner:
    """Starts update processes, which need not wait for Python's imports once it is prepared."""

    def __init__(self, home: Home, spark: SparkEngine) -> None:
        self._home, self._spark = home, spark
        self._python = PreparedPython([_PROGRAM], _IMPORTED, environment.of_child(_variables(spark)))

    def prepare(self) -> None:
        """Import what updates need, in a process that they then are forks of."""
        self._python.prepare()

    def start(self) -> UpdateProcess:
        """A process for one update; the caller ends it."""
        return UpdateProcess(self._home, self._spark, self._python)

    def stop(self) -> None:
        """End the prepared process."""
        self._python.close()


def _variables(spark: SparkEngine) -> dict[str, str]:
    # The server's own pyspark comes first: that of databricks-connect has no declarative pipelines.
    return {"PYTHONPATH": str(spark.spark_home.parent)}
