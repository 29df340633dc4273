"""Where attempts of tasks are kept: those of the job's tasks in the run's document, those of iterations beside it.

While the disk takes nothing, a run waits here for it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.iterations import Iterations
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.runtime.free_space import FreeSpace


class Journal(Protocol):
    """Keeps attempts of tasks."""

    def add(self, task: TaskRun) -> None:
        """Store a new attempt."""

    def change(self, task: TaskRun, alter: Callable[[TaskRun], None]) -> None:
        """Apply `alter` to an attempt, in the store and in the given document."""


@dataclass(frozen=True)
class RunJournal:
    """The tasks of a run."""

    history: History
    run_id: int
    space: FreeSpace

    def add(self, task: TaskRun) -> None:
        """Add another entry for a task: Databricks has one per attempt (apache/airflow#72313)."""
        self._change(lambda run: run["tasks"].append(copy.deepcopy(task)))

    def change(self, task: TaskRun, alter: Callable[[TaskRun], None]) -> None:
        """Apply `alter` to an attempt, in the run's document and in the given one."""

        def alter_entry(run: Run) -> None:
            for entry in run["tasks"]:
                if entry["run_id"] == task["run_id"]:
                    alter(entry)
                    task.update(copy.deepcopy(entry))

        self._change(alter_entry)

    def _change(self, alter: Callable[[Run], None]) -> None:
        self.space.keep_trying(lambda: self.history.change(self.run_id, alter))


@dataclass(frozen=True)
class IterationJournal:
    """The iterations of for_each_tasks."""

    iterations: Iterations
    space: FreeSpace

    def add(self, task: TaskRun) -> None:
        """Store another attempt of an iteration."""
        self.space.keep_trying(lambda: self.iterations.add(task))

    def change(self, task: TaskRun, alter: Callable[[TaskRun], None]) -> None:
        """Apply `alter` to an attempt of an iteration, in the store and in the given document."""
        self.space.keep_trying(lambda: self.iterations.change(task, alter))
