"""Decides which runs may start: one queue per job, and the active runs."""

import threading
from typing import cast

from local_workspace.engines.jobs.documents import Job, Task
from local_workspace.engines.jobs.execution import Execution
from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.parameters import job_parameters
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import end, is_active, set_state, state, status
from local_workspace.engines.jobs.tasks import TaskRunner
from local_workspace.runtime.errors import unavailable
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

TASK_FIELDS = (
    "task_key",
    "depends_on",
    "run_if",
    "description",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
    "timeout_seconds",
    "notebook_task",
    "pipeline_task",
)
WAITING = "Waiting for another run of this job to end."
AT_LIMIT = "Skipped: the job's runs are at max_concurrent_runs and it has no queue."
CAUGHT_UP = "Skipped: a scheduled run of this job is waiting already, and catches up for both."
INTERRUPTED = "Interrupted: the workspace ended while this run was active."
STOPPED = "The workspace was stopped."


class Dispatcher:
    """Starts, queues, skips and ends runs."""

    def __init__(self, store: Store, history: History, runner: TaskRunner) -> None:
        self._store, self._history, self._runner = store, history, runner
        self._lock = threading.RLock()
        self._active: dict[int, Execution] = {}
        self._stopping = False
        self._left_active = [run["run_id"] for run in history.of_job() if is_active(run)]

    def recover(self) -> None:
        """Mark the runs that a dead daemon left active as interrupted. Its processes have been ended already."""
        for run_id in self._left_active:
            self._history.change(run_id, _interrupt)

    def submit(
        self,
        job: Job,
        overrides: dict[str, str],
        notebook_params: dict[str, str],
        token: str | None,
        trigger: str,
        queue: bool | None = None,
    ) -> Run:
        """A new run of `job`, or the earlier one with the same idempotency token.

        `queue` overrides the job's setting of whether the run may wait.

        Raises ApiError 400 for a parameter the job doesn't define, 503 while the workspace stops.
        """
        parameters = job_parameters(job["settings"], overrides)
        with self._lock:
            earlier = self._history.of_job(job["job_id"])
            for run in earlier:
                if token and run["idempotency_token"] == token:
                    return run
            if self._stopping:
                raise unavailable("The workspace is stopping; no run can start.")
            run = self._new_run(job, trigger, len(earlier) and earlier[0]["number_in_job"])
            run["job_parameters"] = parameters
            run["overriding_parameters"], run["idempotency_token"] = notebook_params, token
            self._admit(run, job, earlier, queue)
            self._history.add(run)
            self._advance(job["job_id"])
            return run

    def cancel(self, run_id: int) -> None:
        """Request a run's end; has no effect on one that has ended. Raises ApiError 404."""
        self._cancel(self._history.get(run_id), "Canceled by a user.")

    def cancel_job(self, job_id: int) -> None:
        """End all runs of a job and wait for them."""
        with self._lock:
            executions = [execution for execution in self._active.values() if execution.job_id == job_id]
            for run in self._history.of_job(job_id):
                self._cancel(run, "Canceled with all runs of its job.")
        for execution in executions:
            execution.join()

    def stop(self) -> None:
        """End all runs and wait for them. No run starts after that."""
        with self._lock:
            self._stopping = True
            executions = list(self._active.values())
            for run in self._history.of_job():
                self._cancel(run, STOPPED)
        for execution in executions:
            execution.join()

    def _admit(self, run: Run, job: Job, earlier: list[Run], queue: bool | None) -> None:
        """Give a new run its first state: pending, waiting in the queue, or skipped."""
        settings, trigger = job["settings"], run["trigger"]
        if self._running(job["job_id"]) < settings["max_concurrent_runs"]:
            return
        may_wait = queue if queue is not None else "queue" in settings and settings["queue"]["enabled"]
        if not may_wait:
            end(run, "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", AT_LIMIT)
        # Scheduled runs must not pile up on a laptop that slept or is slow: one queued run does the work of all.
        elif trigger == "PERIODIC" and any(_is_waiting(other) and other["trigger"] == trigger for other in earlier):
            end(run, "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", CAUGHT_UP)
        else:
            set_state(run, "QUEUED", message=WAITING)

    def _advance(self, job_id: int) -> None:
        """Start the oldest waiting runs of a job as far as its limit allows."""
        for run in reversed(self._history.of_job(job_id)):
            limit = run["limits"]["max_concurrent_runs"]
            waits = is_active(run) and run["run_id"] not in self._active
            if waits and not self._stopping and self._running(job_id) < limit:
                self._active[run["run_id"]] = Execution(
                    run, self._history, self._runner, self._store.next_id, self._ended
                )
                self._active[run["run_id"]].start()

    def _ended(self, run_id: int) -> None:
        with self._lock:
            execution = self._active.pop(run_id)
            self._advance(execution.job_id)

    def _running(self, job_id: int) -> int:
        return sum(execution.job_id == job_id for execution in self._active.values())

    def _cancel(self, run: Run, message: str) -> None:
        with self._lock:
            if execution := self._active.get(run["run_id"]):
                self._history.change(run["run_id"], lambda doc: _terminating(doc, message))
                execution.cancellation.cancel("CANCELED", message)
            elif is_active(run):
                self._history.change(run["run_id"], lambda doc: _end_all(doc, "TERMINATED", "CANCELED", message))

    def _new_run(self, job: Job, trigger: str, last_number: int) -> Run:
        run_id, settings = self._store.next_id(), job["settings"]
        run: Run = {
            "job_id": job["job_id"],
            "run_id": run_id,
            "job_run_id": run_id,
            "original_attempt_run_id": run_id,
            "number_in_job": last_number + 1,
            "run_name": settings["name"],
            "run_type": "JOB_RUN",
            "format": "MULTI_TASK",
            "trigger": trigger,
            "start_time": now_ms(),
            "state": state("PENDING"),
            "status": status("PENDING"),
            "limits": {
                "max_concurrent_runs": settings["max_concurrent_runs"],
                "timeout_seconds": settings["timeout_seconds"],
            },
            "tasks": [self._new_task(task) for task in settings.get("tasks", [])],
            "job_parameters": [],
            "overriding_parameters": {},
            "idempotency_token": None,
        }
        if trigger == "PERIODIC" and "schedule" in settings:
            run["schedule"] = settings["schedule"]
        return run

    def _new_task(self, task: Task) -> TaskRun:
        progress: TaskRun = {
            "task_key": task["task_key"],
            "state": state("PENDING"),
            "status": status("PENDING"),
            "run_id": self._store.next_id(),
            "attempt_number": 0,
            "start_time": 0,
        }
        setting = {name: value for name, value in task.items() if name in TASK_FIELDS}
        return cast("TaskRun", {**setting, **progress})


def _is_waiting(run: Run) -> bool:
    return run["state"]["life_cycle_state"] == "QUEUED"


def _terminating(run: Run, message: str) -> None:
    if is_active(run):  # another thread may have ended it
        set_state(run, "TERMINATING", message=message)


def _interrupt(run: Run) -> None:
    _end_all(run, "INTERNAL_ERROR", "", INTERRUPTED)


def _end_all(run: Run, *verdict: str) -> None:
    """End a run with all its tasks that have not ended."""
    for task in run["tasks"]:
        if is_active(task):
            task["start_time"] = task["start_time"] or now_ms()
            end(task, *verdict)
    end(run, *verdict)
