"""One run of a job: its tasks in the order of their dependencies, independent ones side by side."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from local_workspace.engines.jobs.cancellation import Cancellation
from local_workspace.engines.jobs.documents import Outcome, Run, TaskRun
from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.states import end, set_state
from local_workspace.engines.jobs.tasks import TaskRunner
from local_workspace.runtime.timestamps import now_ms

PARALLEL_TASKS = 4


class Execution:
    """A run in a thread of its own. `cancellation` ends it early; `on_end` is called when all is written down."""

    def __init__(self, run: Run, history: History, runner: TaskRunner, on_end: Callable[[int], None]) -> None:
        self.job_id, self._run = run["job_id"], run
        self._history, self._runner, self._on_end = history, runner, on_end
        self._tasks = {task["task_key"]: task for task in run["tasks"]}
        self._results: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self.cancellation = Cancellation()
        self._thread = threading.Thread(target=self._main, name=f"run-{run['run_id']}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _main(self) -> None:
        limit = self._run["limits"]["timeout_seconds"]
        timer = threading.Timer(limit, self.cancellation.cancel, ("TIMEDOUT", f"Timed out after {limit} s."))
        if limit:
            timer.start()
        try:
            self._change_run(_begin)
            self._run_tasks()
            self._change_run(lambda run: end(run, *self._verdict()))
        finally:
            timer.cancel()
            self._on_end(self._run["run_id"])

    def _run_tasks(self) -> None:
        order = TopologicalSorter({key: _needs(task) for key, task in self._tasks.items()})
        order.prepare()
        with ThreadPoolExecutor(PARALLEL_TASKS) as pool:
            running: dict[Future[str], str] = {}
            while order.is_active():
                for key in order.get_ready():
                    running[pool.submit(self._run_task, self._tasks[key])] = key
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    key = running.pop(future)
                    self._results[key] = future.result()
                    order.done(key)

    def _run_task(self, task: TaskRun) -> str:
        """Run one task unless something forbids it; returns its result."""
        key = task["task_key"]
        obstacle = self._obstacle(task)
        if obstacle:
            self._end_task(key, *obstacle)
            return obstacle[0]
        self._change_task(key, _begin_task)
        outcome = self._runner.run(self._run, task, self.cancellation)
        if self.cancellation.reason:
            result, message = self.cancellation.reason
        elif "error" in outcome:
            result, message = "FAILED", outcome["error"]
            self._errors[key] = message
        else:
            result, message = "SUCCESS", _note(outcome)
        self._end_task(key, result, message)
        return result

    def _obstacle(self, task: TaskRun) -> tuple[str, str] | None:
        if self.cancellation.reason:
            return self.cancellation.reason
        failed = [key for key in _needs(task) if self._results[key] != "SUCCESS"]
        if failed and task.get("run_if") != "ALL_DONE":
            return "UPSTREAM_FAILED", f"Not run, because {', '.join(failed)} did not succeed."
        return None

    def _verdict(self) -> tuple[str, str, str]:
        """The run's life cycle state, result and message. A failed run is INTERNAL_ERROR, as on Databricks."""
        if self.cancellation.reason:
            return "TERMINATED", *self.cancellation.reason
        needed = {key for task in self._tasks.values() for key in _needs(task)}
        message = " ".join(f"Task {key} failed with message: {error}" for key, error in self._errors.items())
        if any(self._results[key] != "SUCCESS" for key in self._tasks.keys() - needed):
            return "INTERNAL_ERROR", "FAILED", message
        return "TERMINATED", "SUCCESS_WITH_FAILURES" if message else "SUCCESS", message

    def _end_task(self, key: str, result: str, message: str) -> None:
        def alter(task: TaskRun) -> None:
            task["start_time"] = task["start_time"] or now_ms()
            end(task, "TERMINATED", result, message)

        self._change_task(key, alter)

    def _change_task(self, key: str, alter: Callable[[TaskRun], None]) -> None:
        def alter_task(run: Run) -> None:
            for task in run["tasks"]:
                if task["task_key"] == key:
                    alter(task)

        self._change_run(alter_task)

    def _change_run(self, alter: Callable[[Run], None]) -> None:
        self._history.change(self._run["run_id"], alter)


def _begin(doc: Run | TaskRun) -> None:
    set_state(doc, "RUNNING")
    doc["began_at"] = now_ms()


def _begin_task(task: TaskRun) -> None:
    _begin(task)
    task["start_time"] = now_ms()


def _needs(task: TaskRun) -> list[str]:
    return [needed["task_key"] for needed in task.get("depends_on", [])]


def _note(outcome: Outcome) -> str:
    ignored = outcome.get("ignored")
    return f"Ignored parameters that the notebook does not declare: {', '.join(ignored)}." if ignored else ""
