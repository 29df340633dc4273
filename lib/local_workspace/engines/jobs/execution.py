"""One run of a job: its tasks in the order of their dependencies, independent ones in parallel."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from local_workspace.engines.jobs import run_if
from local_workspace.engines.jobs.attempts import Attempts
from local_workspace.engines.jobs.journal import RunJournal
from local_workspace.engines.jobs.performance import Performance
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.services import Services
from local_workspace.engines.jobs.states import end, end_with_tasks, is_active, result_of, set_state
from local_workspace.engines.jobs.task_mail import TaskMail
from local_workspace.engines.jobs.verdict import Result, verdict
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.timestamps import now_ms

log = logging.getLogger(__name__)
PARALLEL_TASKS = 4
_DISABLED = ("DISABLED", "The task is disabled in the job's settings.")


class Execution:
    """A run in a thread of its own. `cancellation` ends it early; `on_end` is called once its end is stored.

    Tasks that have ended, in a run that is repaired, keep their results.
    """

    def __init__(self, run: Run, services: Services, on_end: Callable[[int], None]) -> None:
        self.job_id, self._run, self._services, self._on_end = run["job_id"], run, services, on_end
        self._tasks = {task["task_key"]: task for task in run["tasks"]}  # of a repeated task the last attempt
        self._results = {key: _result(task) for key, task in self._tasks.items() if not is_active(task)}
        self.cancellation = Cancellation()
        self._single: dict[int, Cancellation] = {}
        journal = RunJournal(services.history, run["run_id"], services.space)
        perform = Performance(run["run_id"], services, journal, self._single)
        self._attempts = Attempts(
            journal, TaskMail(services.mail, run), perform, services.new_id, self.cancellation, self._single
        )
        self._thread = threading.Thread(target=self._main, name=f"run-{run['run_id']}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the run has ended."""
        self._thread.join()

    def cancel_task(self, task_run_id: int, message: str) -> None:
        """Request the end of an attempt of a task or iteration; has no effect on one that does not run."""
        if cancellation := self._single.get(task_run_id):
            cancellation.cancel("CANCELED", message)

    def _main(self) -> None:
        limit = self._run["limits"]["timeout_seconds"]
        timer = threading.Timer(limit, self.cancellation.cancel, ("TIMEDOUT", f"Timed out after {limit} s."))
        if limit:
            timer.start()
        try:
            self._change_run(_begin)
            self._services.mail.started(self._run)
            self._run_tasks()
            self._change_run(lambda run: end(run, *self._verdict()))
        except Exception as error:  # a thread's boundary: a run that stays active would be started again
            log.exception("run %s ended with an error of the workspace", self._run["run_id"])
            message = f"The workspace failed: {error}"
            self._change_run(lambda run: end_with_tasks(run, "INTERNAL_ERROR", "", message))
        finally:
            timer.cancel()
            self._on_end(self._run["run_id"])

    def _run_tasks(self) -> None:
        order = TopologicalSorter({key: _needs(task) for key, task in self._tasks.items()})
        order.prepare()
        with ThreadPoolExecutor(PARALLEL_TASKS) as pool:
            running: dict[Future[Result], str] = {}
            while order.is_active():
                for key in order.get_ready():
                    if key in self._results:
                        order.done(key)
                    else:
                        running[pool.submit(self._run_task, self._tasks[key])] = key
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    key = running.pop(future)
                    self._results[key] = future.result()
                    order.done(key)

    def _run_task(self, task: TaskRun) -> Result:
        """Run one task unless its dependencies, its setting or the run's end prevent it."""
        if obstacle := self._obstacle(task):
            self._attempts.skip(task, *obstacle)
            return Result(*obstacle)
        result, message = self._attempts.run(task)
        return Result(result, message, task.get("condition_task", {}).get("outcome"))

    def _obstacle(self, task: TaskRun) -> tuple[str, str] | None:
        if self.cancellation.reason:
            return self.cancellation.reason
        if task.get("disabled"):
            return _DISABLED
        upstream = {
            needed["task_key"]: self._results[needed["task_key"]].seen(needed.get("outcome"))
            for needed in task.get("depends_on", [])
        }
        return run_if.obstacle(task.get("run_if", run_if.DEFAULT), upstream)

    def _verdict(self) -> tuple[str, str, str]:
        if self.cancellation.reason:
            return "TERMINATED", *self.cancellation.reason
        needed = {key for task in self._tasks.values() for key in _needs(task)}
        return verdict(self._results, self._tasks.keys() - needed)

    def _change_run(self, alter: Callable[[Run], None]) -> None:
        services = self._services
        services.space.keep_trying(lambda: services.history.change(self._run["run_id"], alter))


def _begin(run: Run) -> None:
    set_state(run, "RUNNING")
    run.setdefault("began_at", now_ms())


def _needs(task: TaskRun) -> list[str]:
    return [needed["task_key"] for needed in task.get("depends_on", [])]


def _result(task: TaskRun) -> Result:
    return Result(
        result_of(task) or "FAILED", task["state"]["state_message"], task.get("condition_task", {}).get("outcome")
    )
