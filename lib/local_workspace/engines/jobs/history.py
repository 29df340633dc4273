"""The runs of all jobs, kept in memory and written through to the store."""

import copy
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass

from local_workspace.engines.jobs.iterations import Iterations
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import is_active, shown_state
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store

KIND = "job_run"
KEPT_RUNS = 200
SUBMITTED = "SUBMIT_RUN"  # a run without a job


@dataclass(frozen=True)
class RunFilter:
    """Selects runs by the fields that are given. Times are milliseconds since 1970, both ends included.

    `state` is the result of a run that has ended, or the life cycle state of another; `of_jobs` selects jobs by id.
    """

    job_id: int | None = None
    active: bool | None = None
    run_type: str | None = None
    start_time_from: int | None = None
    start_time_to: int | None = None
    state: str | None = None
    of_jobs: Callable[[int], bool] | None = None

    def allows(self, run: Run) -> bool:
        """Whether the filter selects a run."""
        return (
            self.job_id in (None, run["job_id"])
            and self.active in (None, is_active(run))
            and self.run_type in (None, run["run_type"])
            and (self.start_time_from is None or run["start_time"] >= self.start_time_from)
            and (self.start_time_to is None or run["start_time"] <= self.start_time_to)
            and self.state in (None, shown_state(run["state"]))
            and (self.of_jobs is None or self.of_jobs(run["job_id"]))
        )


class History:
    """Run documents by id, and their iterations. Methods return copies; `change` and `replace` alter a document."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home, self._store = home, Documents[Run](store, KIND)
        self._lock = threading.RLock()
        self.iterations = Iterations(store)
        self._runs = {run["run_id"]: run for run in self._store.list()}

    def add(self, run: Run) -> None:
        """Store a new run, and delete the oldest ended ones of its job, or without a job, beyond the last 200."""
        with self._lock:
            self._store.put(str(run["run_id"]), run)
            self._runs[run["run_id"]] = copy.deepcopy(run)
            ended = [old["run_id"] for old in self._alike(run) if not is_active(old)]
        for run_id in ended[KEPT_RUNS:]:
            self.forget(run_id)

    def change(self, run_id: int, alter: Callable[[Run], None]) -> None:
        """Apply `alter` to a run and store it; no effect on one that has been deleted, or if it can't be stored."""
        with self._lock:
            if known := self._runs.get(run_id):
                run = copy.deepcopy(known)
                alter(run)
                self._store.put(str(run_id), run)
                self._runs[run_id] = run

    def replace(self, run: Run) -> None:
        """Store another document of a run; has no effect on a run that has been deleted."""
        with self._lock:
            if run["run_id"] in self._runs:
                self._store.put(str(run["run_id"]), run)
                self._runs[run["run_id"]] = copy.deepcopy(run)

    def get(self, run_id: int) -> Run:
        """The run of that id. Raises 404."""
        with self._lock:
            if run_id not in self._runs:
                raise not_found(f"Run {run_id} does not exist.")
            return copy.deepcopy(self._runs[run_id])

    def task(self, task_run_id: int) -> tuple[Run, TaskRun] | None:
        """The run and the attempt of a task or iteration by the attempt's run id, or None."""
        with self._lock:
            if (iteration := self.iterations.find(task_run_id)) and iteration["of_run"] in self._runs:
                return copy.deepcopy(self._runs[iteration["of_run"]]), iteration
            for run in self._runs.values():
                for task in run["tasks"]:
                    if task["run_id"] == task_run_id:
                        return copy.deepcopy(run), copy.deepcopy(task)
        return None

    def of_job(self, job_id: int | None = None) -> list[Run]:
        """Runs of one job, or of all, newest first."""
        return self.find(RunFilter(job_id))

    def find(self, wanted: RunFilter) -> list[Run]:
        """The runs that match the filter, newest first."""
        with self._lock:
            return copy.deepcopy(self._matching(wanted))

    def page(self, wanted: RunFilter, skip: int, most: int, tasks: bool = True) -> list[Run]:
        """Up to `most` of the runs that match the filter, newest first, without the first `skip`.

        Without `tasks` they have none: a copy of a hundred tasks takes a millisecond or more.
        """
        with self._lock:
            found = self._matching(wanted)[skip : skip + most]
            return [copy.deepcopy(run if tasks else _bare(run)) for run in found]

    def recent(self, most: int) -> dict[int, list[Run]]:
        """The newest runs of each job, up to `most`, without their tasks; newest first."""
        found: dict[int, list[Run]] = {}
        with self._lock:
            for run in self._matching(RunFilter()):
                runs = found.setdefault(run["job_id"], [])
                if len(runs) < most:
                    runs.append(copy.deepcopy(_bare(run)))
        return found

    def _matching(self, wanted: RunFilter) -> list[Run]:
        runs = [run for run in self._runs.values() if wanted.allows(run)]
        return sorted(runs, key=lambda run: run["run_id"], reverse=True)

    def _alike(self, run: Run) -> list[Run]:
        """The runs of the same job, or all that are of none, newest first."""
        submitted = run["run_type"] == SUBMITTED
        return self.find(RunFilter(run_type=SUBMITTED) if submitted else RunFilter(run["job_id"]))

    def forget(self, run_id: int) -> None:
        """Remove a run, its iterations and its executed notebooks."""
        with self._lock:
            self.iterations.forget(run_id)
            shutil.rmtree(self._home.runs / str(run_id), ignore_errors=True)
            self._store.delete(str(run_id))
            self._runs.pop(run_id, None)


def _bare(run: Run) -> Run:
    """The run without its tasks."""
    return {**run, "tasks": []}
