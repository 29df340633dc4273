"""One run of a job: its tasks in the order of their dependencies, independent ones in parallel."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import cast

from local_workspace.engines.jobs.cancellation import Cancellation
from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.run_documents import Progress, Run, TaskRun
from local_workspace.engines.jobs.states import end, set_state
from local_workspace.engines.jobs.tasks import TaskRunner
from local_workspace.runtime.timestamps import now_ms

PARALLEL_TASKS = 4


class Execution:
    """A run in a thread of its own. `cancellation` ends it early; `on_end` is called once its end is stored."""

    def __init__(
        self,
        run: Run,
        history: History,
        runner: TaskRunner,
        next_id: Callable[[], int],
        on_end: Callable[[int], None],
    ) -> None:
        self.job_id, self._run = run["job_id"], run
        self._history, self._runner, self._next_id, self._on_end = history, runner, next_id, on_end
        self._tasks = {task["task_key"]: task for task in run["tasks"]}
        self._results: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        self.cancellation = Cancellation()
        self._thread = threading.Thread(target=self._main, name=f"run-{run['run_id']}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the run has ended."""
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
        """Run one task unless its dependencies or the run's end prevent it, with retries; returns its result."""
        if obstacle := self._obstacle(task):
            self._end_task(task, *obstacle)
            return obstacle[0]
        result, message = self._attempt(task)
        while self._may_retry(task, result) and self._wait_to_retry(task):
            task = self._next_attempt(task)
            result, message = self._attempt(task)
        if result == "FAILED":
            self._errors[task["task_key"]] = message
        return result

    def _attempt(self, task: TaskRun) -> tuple[str, str]:
        """Run a task once; returns its result and message."""
        self._change_task(task, _begin_task)
        with self._limited(task) as cancellation:
            outcome = self._runner.run(self._run, task, cancellation)
        if cancellation.reason:
            result, message = cancellation.reason
        elif "error" in outcome:
            result, message = "FAILED", outcome["error"]
        else:
            result, message = "SUCCESS", ""
        self._end_task(task, result, message)
        return result, message

    @contextmanager
    def _limited(self, task: TaskRun) -> Iterator[Cancellation]:
        """The cancellation of one attempt: the run's own, or the task's timeout."""
        cancellation, limit = Cancellation(), task.get("timeout_seconds", 0)
        timer = threading.Timer(limit, cancellation.cancel, ("TIMEDOUT", f"Timed out after {limit} s."))
        with self.cancellation.calling(lambda: cancellation.cancel(*(self.cancellation.reason or ("CANCELED", "")))):
            if limit:
                timer.start()
            try:
                yield cancellation
            finally:
                timer.cancel()

    def _may_retry(self, task: TaskRun, result: str) -> bool:
        wanted = result == "FAILED" or (result == "TIMEDOUT" and task.get("retry_on_timeout", False))
        left = task.get("max_retries", 0) - task["attempt_number"]
        return wanted and (left > 0 or task.get("max_retries", 0) == -1) and not self.cancellation.reason

    def _wait_to_retry(self, task: TaskRun) -> bool:
        """Wait until the interval between the starts of two attempts has passed; False if the run ends first."""
        interval = task.get("min_retry_interval_millis", 0)
        ended = threading.Event()
        with self.cancellation.calling(ended.set):
            return not ended.wait(max(0, task["start_time"] + interval - now_ms()) / 1000)

    def _next_attempt(self, task: TaskRun) -> TaskRun:
        """Add another entry for the task to the run: Databricks has one per attempt (apache/airflow#72313)."""
        fields = {name: value for name, value in task.items() if name not in Progress.__annotations__}
        attempt = cast("TaskRun", fields | {"run_id": self._next_id(), "attempt_number": task["attempt_number"] + 1})
        set_state(attempt, "PENDING")
        attempt["start_time"] = 0
        self._change_run(lambda run: run["tasks"].append(attempt))
        return attempt

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
        bad = {self._results[key] for key in self._tasks.keys() - needed} - {"SUCCESS"}
        if bad == {"TIMEDOUT"}:
            return "TERMINATED", "TIMEDOUT", "A task took longer than its timeout_seconds."
        if bad:
            return "INTERNAL_ERROR", "FAILED", message
        return "TERMINATED", "SUCCESS_WITH_FAILURES" if message else "SUCCESS", message

    def _end_task(self, task: TaskRun, result: str, message: str) -> None:
        def alter(doc: TaskRun) -> None:
            doc["start_time"] = doc["start_time"] or now_ms()
            end(doc, "TERMINATED", result, message)

        self._change_task(task, alter)

    def _change_task(self, task: TaskRun, alter: Callable[[TaskRun], None]) -> None:
        """Change an attempt of a task, in this object and in the history."""

        def alter_entry(run: Run) -> None:
            for entry in run["tasks"]:
                if entry["run_id"] == task["run_id"]:
                    alter(entry)
                    task.update(entry)

        self._change_run(alter_entry)

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
