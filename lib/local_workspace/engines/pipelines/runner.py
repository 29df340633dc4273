"""The processes that run pipeline updates."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator

from local_workspace.engines.pipelines.documents import Report, UpdateRequest
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime import environment
from local_workspace.runtime.home import Home

GRACE_SECONDS = 10


class UpdateProcess:
    """A process of `local_workspace.workers.pipeline_update`.

    It ends when its stdin closes, so a killed daemon leaves no updates running.
    """

    def __init__(self, home: Home, spark: SparkEngine) -> None:
        # The server's own pyspark comes first: that of databricks-connect has no declarative pipelines.
        with (home.logs / "pipelines.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local_workspace.workers.pipeline_update"],
                cwd=home.root,
                env=environment.of_child({"PYTHONPATH": str(spark.spark_home.parent)}),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a pipeline's process was started without pipes")
        self._requests, self._events = self._process.stdin, self._process.stdout

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

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

    def discard(self) -> None:
        """End a process that has run no update."""
        self.end()
        self._events.close()


class Runner:
    """Hands out update processes, and keeps one started so that an update needn't wait for Python's imports."""

    def __init__(self, home: Home, spark: SparkEngine) -> None:
        self._home, self._spark = home, spark
        self._spare: UpdateProcess | None = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Start the spare process if there is none."""
        with self._lock:
            if self._spare is None or not self._spare.alive():
                self._spare = UpdateProcess(self._home, self._spark)

    def take(self) -> UpdateProcess:
        """A process for one update; the caller ends it."""
        with self._lock:
            process, self._spare = self._spare, None
        return process if process and process.alive() else UpdateProcess(self._home, self._spark)

    def stop(self) -> None:
        """End the spare process."""
        with self._lock:
            process, self._spare = self._spare, None
        if process:
            process.discard()
