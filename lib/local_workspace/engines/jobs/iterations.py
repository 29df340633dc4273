"""The iterations of for_each_tasks, each a document of its own: a run may have thousands."""

import copy
import threading
from collections.abc import Callable

from local_workspace.engines.jobs.run_documents import TaskRun
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.store import Store

KIND = "job_iteration"


class Iterations:
    """Attempts of iterations by their run id. Methods return copies; only `change` alters a document."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = Documents[TaskRun](store, KIND), threading.RLock()
        self._runs = {run["run_id"]: run for run in self._store.list()}

    def add(self, iteration: TaskRun) -> None:
        """Store a new attempt of an iteration."""
        with self._lock:
            self._store.put(str(iteration["run_id"]), iteration)
            self._runs[iteration["run_id"]] = copy.deepcopy(iteration)

    def change(self, iteration: TaskRun, alter: Callable[[TaskRun], None]) -> None:
        """Apply `alter` to an attempt, which the given document then equals; no effect on one that was deleted."""
        with self._lock:
            if known := self._runs.get(iteration["run_id"]):
                changed = copy.deepcopy(known)
                alter(changed)
                self._store.put(str(changed["run_id"]), changed)
                self._runs[changed["run_id"]] = changed
                iteration.update(copy.deepcopy(changed))

    def find(self, run_id: int) -> TaskRun | None:
        """The attempt of that run id, or None."""
        with self._lock:
            return copy.deepcopy(self._runs.get(run_id))

    def of_task(self, for_each_run_id: int) -> list[TaskRun]:
        """All attempts of the iterations of a for_each_task, in the order of its inputs."""
        with self._lock:
            found = [run for run in self._runs.values() if run.get("for_each_run_id") == for_each_run_id]
            return copy.deepcopy(sorted(found, key=lambda run: (run["iteration"], run["attempt_number"])))

    def of_run(self, run_id: int) -> list[TaskRun]:
        """All attempts of the iterations in a run."""
        with self._lock:
            return copy.deepcopy([run for run in self._runs.values() if run.get("of_run") == run_id])

    def forget(self, run_id: int) -> None:
        """Remove the iterations of a run."""
        with self._lock:
            for iteration in self.of_run(run_id):
                self._store.delete(str(iteration["run_id"]))
                self._runs.pop(iteration["run_id"])
