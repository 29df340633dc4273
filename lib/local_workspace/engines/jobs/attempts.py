"""The attempts of one task: its retries and its time limit."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from local_workspace.engines.jobs.journal import Journal
from local_workspace.engines.jobs.new_runs import without_results
from local_workspace.engines.jobs.run_documents import Outcome, Progress, TaskRun
from local_workspace.engines.jobs.states import end, set_state
from local_workspace.engines.jobs.task_mail import TaskMail
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.timestamps import now_ms

_OF_AN_ATTEMPT = (*Progress.__annotations__, "resolved_values", "triggered_run_id")


@dataclass(frozen=True)
class Attempts:
    """Runs tasks that `journal` keeps, until they succeed or may not be tried again.

    `perform` does a task once. `whole` is the cancellation of the run, `single` has those of the attempts that run, by
    their run id.
    """

    journal: Journal
    mail: TaskMail
    perform: Callable[[TaskRun, Cancellation], Outcome]
    next_id: Callable[[], int]
    whole: Cancellation
    single: dict[int, Cancellation] = field(default_factory=dict)

    def run(self, task: TaskRun) -> tuple[str, str]:
        """Run a task with its retries; returns the result of the last attempt and its message."""
        retries, begun, (result, message) = 0, time.monotonic(), self._attempt(task)
        while self._may_retry(task, result, retries):
            self.mail.ended(task, is_retried=True)
            if not self._wait_to_retry(task, begun):
                break
            retries, begun, task = retries + 1, time.monotonic(), self._next_attempt(task)
            result, message = self._attempt(task, is_retry=True)
        self.mail.ended(task)
        return result, message

    def skip(self, task: TaskRun, result: str, message: str) -> None:
        """End a task that has not begun."""
        self._close(task, result, message)
        self.mail.ended(task)

    def _close(self, task: TaskRun, result: str, message: str) -> None:
        def alter(doc: TaskRun) -> None:
            doc["start_time"] = doc["start_time"] or now_ms()
            end(doc, "TERMINATED", result, message)

        self.journal.change(task, alter)

    def _attempt(self, task: TaskRun, is_retry: bool = False) -> tuple[str, str]:
        self.journal.change(task, _begin)
        self.mail.started(task, is_retry)
        with self._limited(task) as cancellation:
            outcome = self.perform(task, cancellation)
        if cancellation.reason:
            result, message = cancellation.reason
        elif "error" in outcome:
            result, message = "FAILED", outcome["error"]
        else:
            result, message = "SUCCESS", ""
        self._close(task, result, message)
        return result, message

    @contextmanager
    def _limited(self, task: TaskRun) -> Iterator[Cancellation]:
        """The cancellation of one attempt: the run's, the attempt's own, or the task's timeout."""
        cancellation, limit = Cancellation(), task.get("timeout_seconds", 0)
        timer = threading.Timer(limit, cancellation.cancel, ("TIMEDOUT", f"Timed out after {limit} s."))
        self.single[task["run_id"]] = cancellation
        with self.whole.calling(lambda: cancellation.cancel(*(self.whole.reason or ("CANCELED", "")))):
            if limit:
                timer.start()
            try:
                yield cancellation
            finally:
                timer.cancel()
                self.single.pop(task["run_id"])

    def _may_retry(self, task: TaskRun, result: str, retries: int) -> bool:
        # a condition_task does not support retries (the SDK's docstring of `RunTask.condition_task`)
        wanted = result == "FAILED" or (result == "TIMEDOUT" and task.get("retry_on_timeout", False))
        allowed = 0 if "condition_task" in task else task.get("max_retries", 0)
        return wanted and (retries < allowed or allowed == -1) and not self.whole.reason

    def _wait_to_retry(self, task: TaskRun, begun: float) -> bool:
        """Wait until the interval between the starts of two attempts has passed; False if the run ends first.

        The last one has `begun` at that time of the monotonic clock.
        """
        interval = task.get("min_retry_interval_millis", 0)
        ended = threading.Event()
        with self.whole.calling(ended.set):
            return not ended.wait(interval / 1000 - (time.monotonic() - begun))

    def _next_attempt(self, task: TaskRun) -> TaskRun:
        attempt = next_attempt(task, self.next_id())
        self.journal.add(attempt)
        return attempt


def next_attempt(task: TaskRun, run_id: int) -> TaskRun:
    """A new attempt of a task, which is pending."""
    fields = {name: value for name, value in without_results(task).items() if name not in _OF_AN_ATTEMPT}
    attempt = cast("TaskRun", fields | {"run_id": run_id, "attempt_number": task["attempt_number"] + 1})
    set_state(attempt, "PENDING")
    attempt["start_time"] = 0
    return attempt


def _begin(task: TaskRun) -> None:
    set_state(task, "RUNNING")
    task["start_time"] = task["began_at"] = now_ms()
