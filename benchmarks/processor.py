"""Processor seconds of a run's processes, by kind."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import psutil

SAMPLE_SECONDS = 0.5  # what a process does between its last sample and its end is not counted
# The first whose text is in the command line names the process's kind.
KINDS = {
    "org.apache.spark": "Spark",
    "local_workspace.runtime.fork_server": "prepared Python",
    "ipykernel": "kernels",
    "local_workspace serve": "service",
    "local_workspace.workers.notebook_task": "jobs",
    "local_workspace.workers.pipeline_update": "pipeline",
    "local_workspace.workers.model_server": "endpoints",
    "mlflow": "MLflow",
    "uvicorn": "app",
    "postgres": "Postgres",
    "runbook.py": "runbook",
}
_IDENTITY = tuple[int, float]


class Meter:
    """Follows the processes that `roots` names, and all that they start, until it is stopped."""

    def __init__(self, roots: Callable[[], list[psutil.Process]]) -> None:
        self._roots = roots
        self._known: dict[_IDENTITY, psutil.Process] = {}
        self._used: dict[_IDENTITY, tuple[str, float]] = {}
        self._before: dict[_IDENTITY, float] = {}  # what a process that is older than this had used
        self._began = time.time()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> "Meter":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._end.set()
        self._thread.join()

    def seconds(self) -> dict[str, float]:
        """The processor seconds since the beginning, by kind."""
        used: dict[str, float] = defaultdict(float)
        for identity, (name, seconds) in self._used.items():
            used[name] += seconds - self._before.get(identity, 0)
        return dict(used)

    def _follow(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            self._sample()
        self._sample()

    def _sample(self) -> None:
        for process in self._started():
            self._known[process.pid, process.create_time()] = process
        for identity, process in list(self._known.items()):
            try:
                seconds = sum(process.cpu_times()[:2])
                known = self._used.get(identity, ("other", seconds))
                self._used[identity] = (kind(process.cmdline()) or known[0], seconds)
                if identity[1] < self._began:
                    self._before.setdefault(identity, seconds)
            except psutil.Error:
                del self._known[identity]

    def _started(self) -> Iterator[psutil.Process]:
        for root in self._roots():
            try:
                yield from [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue


def kind(arguments: list[str]) -> str:
    """What kind of process has this command line; an empty string for one that is ending and has none."""
    line = " ".join(arguments)
    return next((name for text, name in KINDS.items() if text in line), "other" if line else "")
