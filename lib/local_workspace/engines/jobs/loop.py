"""The iterations of a for_each_task: a few at a time, each with its retries; the others go on if one fails."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local_workspace.engines.jobs.attempts import Attempts
from local_workspace.engines.jobs.documents import ForEachStats
from local_workspace.engines.jobs.new_runs import new_iteration
from local_workspace.engines.jobs.run_documents import Outcome, TaskRun
from local_workspace.engines.jobs.states import result_of

PARALLEL_ITERATIONS = 4  # each may be a Python process of several hundred MB
SHOWN_ERRORS = 3


@dataclass
class Tally:
    """What has become of the iterations so far."""

    total: int
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def end(self, result: str, message: str) -> None:
        """Count an iteration that has ended."""
        self.succeeded += result == "SUCCESS"
        self.failed += result != "SUCCESS"
        if result != "SUCCESS":
            self.errors[message] += 1

    def stats(self) -> ForEachStats:
        """The counts in the shape of the Jobs API."""
        ended = self.succeeded + self.failed
        return {
            "task_run_stats": {
                "active_iterations": self.started - ended,
                "completed_iterations": ended,
                "failed_iterations": self.failed,
                "scheduled_iterations": self.started,
                "succeeded_iterations": self.succeeded,
                "total_iterations": self.total,
            },
            "error_message_stats": [
                {"count": count, "error_message": message, "termination_category": "RUN_EXECUTION_ERROR"}
                for message, count in self.errors.most_common(SHOWN_ERRORS)
            ],
        }


class Loop:
    """One attempt of the for_each_task `task` in the run `run_id`; `report` is called with each change of its stats.

    `before` is the attempt before this one, if there is one, and `earlier` the last attempts of its iterations by their
    number. If it failed, the iterations that succeeded for the same element are not repeated.
    """

    def __init__(
        self,
        task: TaskRun,
        run_id: int,
        attempts: Attempts,
        report: Callable[[ForEachStats], None],
        before: TaskRun | None,
        earlier: Mapping[int, TaskRun],
    ) -> None:
        self._task, self._run_id, self._attempts, self._report = task, run_id, attempts, report
        self._earlier, self._lock = earlier, threading.Lock()
        self._repeats_all = before is not None and result_of(before) == "SUCCESS"

    def run(self, elements: list[object]) -> Outcome:
        """Run the task for each element. The outcome is an error if an iteration failed."""
        tally = Tally(len(elements))
        parallel = min(self._task["for_each_task"].get("concurrency", 1), PARALLEL_ITERATIONS)
        self._report(tally.stats())
        with ThreadPoolExecutor(parallel) as pool:
            for future in [pool.submit(self._iterate, tally, *item) for item in enumerate(elements)]:
                future.result()
        if tally.failed:
            message, _ = tally.errors.most_common(1)[0]
            error = f"{tally.failed} of {tally.total} iterations failed, such as: {message}"
            return {"error": error, "error_trace": ""}
        return {}

    def _iterate(self, tally: Tally, number: int, value: object) -> None:
        if self._attempts.whole.reason:
            return
        iteration, is_done = self._iteration(number, value)
        self._attempts.journal.add(iteration)
        with self._lock:
            tally.started += 1
            self._report(tally.stats())
        result, message = ("SUCCESS", "") if is_done else self._attempts.run(iteration)
        with self._lock:
            tally.end(result, message)
            self._report(tally.stats())

    def _iteration(self, number: int, value: object) -> tuple[TaskRun, bool]:
        """The iteration to add, and whether it has been done before."""
        iteration = new_iteration(self._task, number, value, self._attempts.next_id(), self._run_id)
        earlier = self._earlier.get(number)
        if earlier is None:
            return iteration, False
        done = result_of(earlier) == "SUCCESS" and earlier["input"] == iteration["input"]
        if done and not self._repeats_all:
            same: TaskRun = {**earlier, "run_id": iteration["run_id"], "for_each_run_id": self._task["run_id"]}
            return same, True
        iteration["attempt_number"] = earlier["attempt_number"] + 1
        return iteration, False
