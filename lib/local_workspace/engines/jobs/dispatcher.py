"""Decides which runs may start: one queue per job, and the active runs."""

import contextlib
import threading
from collections.abc import Callable

from local_workspace.engines.jobs.documents import Job, Settings
from local_workspace.engines.jobs.execution import Execution
from local_workspace.engines.jobs.history import SUBMITTED, RunFilter
from local_workspace.engines.jobs.new_runs import Start, new_run
from local_workspace.engines.jobs.repair import Repair, begin_repair, check_repair, tasks_to_repair
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.services import Services
from local_workspace.engines.jobs.states import end, end_with_tasks, is_active, set_state
from local_workspace.runtime.errors import StorageError, unavailable
from local_workspace.runtime.timestamps import now_ms

WAITING = "Waiting for another run of this job to end."
AT_LIMIT = "Skipped: the job's runs are at max_concurrent_runs and it has no queue."
CAUGHT_UP = "Skipped: a scheduled run of this job is waiting already, and catches up for both."
BY_USER = "Canceled by a user."
INTERRUPTED = "Interrupted: the workspace ended while this run was active."
STOPPED = "The workspace was stopped."
NO_ROOM = "ACTIVE_RUNS_LIMIT_REACHED"  # the one of the SDK's `QueueDetailsCodeCode` that is the workspace's own limit
BY_CLIENT = "ONE_TIME"


class Dispatcher:
    """Starts, queues, skips and ends runs."""

    def __init__(self, services: Services) -> None:
        self._services, self._history = services, services.history
        self._lock = threading.RLock()
        self._active: dict[int, Execution] = {}
        self._waiting: dict[int, list[Callable[[], None]]] = {}
        self._stopping, self._awaits_room = False, False
        self._left_active = [run["run_id"] for run in self._history.of_job() if is_active(run)]

    def recover(self) -> None:
        """Mark the runs that a dead daemon left active as interrupted. Its processes have been ended already."""
        for run_id in self._left_active:
            self._history.change(run_id, _interrupt)
            for iteration in self._history.iterations.of_run(run_id):
                if is_active(iteration):
                    self._history.iterations.change(iteration, _interrupt_task)

    def submit(self, job: Job, start: Start) -> Run:
        """A new run of `job`, or the earlier one with the same idempotency token.

        Raises ApiError 400 for a parameter the job doesn't define, 503 while the workspace stops, 507 for a client's
        run while there is too little room on the disk.
        """
        with self._lock:
            earlier = self._history.of_job(job["job_id"])
            if start.token and (run := self._with_token(job["job_id"], start)):
                return run
            if self._stopping:
                raise unavailable("The workspace is stopping; no run can start.")
            if start.trigger == BY_CLIENT:
                self._services.space.check()
            run = new_run(job, start, (earlier[0]["number_in_job"] if earlier else 0) + 1, self._services.next_id)
            self._admit(run, job, earlier, start.queue)
            self._history.add(run)
            if not is_active(run):
                self._services.mail.ended(run)
            self._advance(job["job_id"])
            return run

    def repair(self, run_id: int, repair: Repair, settings: Settings) -> int:
        """Run some tasks of a run again, with these settings of its job; returns the id of the repair.

        Raises ApiError 400 if that can't be, 503 while the workspace stops, 507 while there is too little room.
        """
        with self._lock:
            run = self._history.get(run_id)
            check_repair(run, repair)
            if self._stopping:
                raise unavailable("The workspace is stopping; no run can start.")
            self._services.space.check()
            repair_id = begin_repair(run, tasks_to_repair(run, repair), settings, repair, self._services.next_id)
            if self._running(run["job_id"]) >= run["limits"]["max_concurrent_runs"]:
                set_state(run, "QUEUED", message=WAITING)
            self._history.replace(run)
            self._advance(run["job_id"])
            return repair_id

    def when_ended(self, run_id: int, callback: Callable[[], None]) -> None:
        """Call `callback` once a run has ended; at once if it has. Raises ApiError 404."""
        with self._lock:
            if is_active(self._history.get(run_id)):
                self._waiting.setdefault(run_id, []).append(callback)
                return
        callback()

    def cancel(self, run_id: int) -> None:
        """Request the end of a run or of a task in it; has no effect on one that has ended. Raises ApiError 404."""
        if found := self._history.task(run_id):
            with self._lock:
                if execution := self._active.get(found[0]["run_id"]):
                    execution.cancel_task(run_id, BY_USER)
        else:
            self._cancel(self._history.get(run_id), BY_USER)

    def cancel_job(self, job_id: int) -> None:
        """End all runs of a job and wait for them."""
        with self._lock:
            executions = [execution for execution in self._active.values() if execution.job_id == job_id]
            for run in self._history.of_job(job_id):
                self._cancel(run, "Canceled with all runs of its job.")
        for execution in executions:
            execution.join()

    def cancel_queued(self, job_id: int | None) -> None:
        """End all runs that wait in the queue, of one job or of all."""
        with self._lock:
            for run in self._history.of_job(job_id):
                if _is_waiting(run):
                    self._cancel(run, BY_USER)

    def stop(self) -> None:
        """End all runs and wait for them. No run starts after that."""
        with self._lock:
            self._stopping = True
            self._services.space.close()
            executions = list(self._active.values())
            for run in self._history.of_job():
                with contextlib.suppress(StorageError):  # it is marked at the next start
                    self._cancel(run, STOPPED)
        for execution in executions:
            execution.join()

    def _admit(self, run: Run, job: Job, earlier: list[Run], queue: bool | None) -> None:
        """Give a new run its first state: pending, waiting in the queue, or skipped."""
        settings, trigger, shortage = job["settings"], run["trigger"], self._services.space.shortage()
        if not shortage and self._running(job["job_id"]) < settings["max_concurrent_runs"]:
            return
        may_wait = queue if queue is not None else "queue" in settings and settings["queue"]["enabled"]
        if not shortage and not may_wait:
            end(run, "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", AT_LIMIT)
        # Scheduled runs must not pile up on a laptop that slept or is slow: one queued run does the work of all.
        elif trigger == "PERIODIC" and any(_is_waiting(other) and other["trigger"] == trigger for other in earlier):
            end(run, "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", CAUGHT_UP)
        elif shortage:
            set_state(run, "QUEUED", NO_ROOM, shortage)
        else:
            set_state(run, "QUEUED", message=WAITING)

    def _advance(self, job_id: int) -> None:
        """Start the oldest waiting runs of a job as far as its limit allows."""
        for run in reversed(self._history.of_job(job_id)):
            limit = run["limits"]["max_concurrent_runs"]
            waits = is_active(run) and run["run_id"] not in self._active
            if waits and not self._stopping and self._running(job_id) < limit:
                if self._services.space.shortage():
                    self._await_room()
                    return
                self._active[run["run_id"]] = Execution(run, self._services, self._ended)
                self._active[run["run_id"]].start()

    def _await_room(self) -> None:
        """Start what waits once there is room on the disk."""
        if not self._awaits_room:
            self._awaits_room = True
            threading.Thread(target=self._go_on, name="runs-await-room", daemon=True).start()

    def _go_on(self) -> None:
        self._services.space.wait()
        with self._lock:
            self._awaits_room = False
            for job_id in {run["job_id"] for run in self._history.find(RunFilter(active=True))}:
                self._advance(job_id)

    def _ended(self, run_id: int) -> None:
        with self._lock:
            execution = self._active.pop(run_id)
            self._advance(execution.job_id)
            self._tell(run_id)

    def _tell(self, run_id: int) -> None:
        """Call those who wait for a run's end, and write the e-mail about it."""
        for callback in self._waiting.pop(run_id, []):
            callback()
        self._services.mail.ended(self._history.get(run_id))

    def _with_token(self, job_id: int, start: Start) -> Run | None:
        """The run that was started with the same idempotency token."""
        submitted = start.run_type == SUBMITTED
        found = self._history.find(RunFilter(run_type=SUBMITTED) if submitted else RunFilter(job_id))
        return next((run for run in found if run["idempotency_token"] == start.token), None)

    def _running(self, job_id: int) -> int:
        return sum(execution.job_id == job_id for execution in self._active.values())

    def _cancel(self, run: Run, message: str) -> None:
        with self._lock:
            if execution := self._active.get(run["run_id"]):
                with contextlib.suppress(StorageError):  # the run's own thread stores its end
                    self._history.change(run["run_id"], lambda doc: _terminating(doc, message))
                execution.cancellation.cancel("CANCELED", message)
            elif is_active(run):
                self._history.change(run["run_id"], lambda doc: end_with_tasks(doc, "TERMINATED", "CANCELED", message))
                self._tell(run["run_id"])


def _is_waiting(run: Run) -> bool:
    return run["state"]["life_cycle_state"] == "QUEUED"


def _terminating(run: Run, message: str) -> None:
    if is_active(run):  # another thread may have ended it
        set_state(run, "TERMINATING", message=message)


def _interrupt(run: Run) -> None:
    end_with_tasks(run, "INTERNAL_ERROR", "", INTERRUPTED)


def _interrupt_task(task: TaskRun) -> None:
    task["start_time"] = task["start_time"] or now_ms()
    end(task, "INTERNAL_ERROR", "", INTERRUPTED)
