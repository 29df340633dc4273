"""The files of a run: executed notebooks, outcomes of tasks, and the values that tasks leave for each other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.runtime.home import Home, read_json, write_atomically


@dataclass(frozen=True)
class RunFiles:
    """The files of all runs, a folder each."""

    home: Home

    def folder(self, run: Run) -> Path:
        """The folder of a run, which need not exist."""
        return self.home.runs / str(run["run_id"])

    def file(self, run: Run, task: TaskRun, suffix: str) -> Path:
        """The file of an attempt with that suffix, such as `.ipynb`. A task's key has no dot."""
        parts = [task["task_key"]]
        if "iteration" in task:
            parts.append(f"i{task['iteration']}")
        if task["attempt_number"]:
            parts.append(str(task["attempt_number"]))
        return self.folder(run) / f"{'.'.join(parts)}{suffix}"

    def write_outcome(self, run: Run, task: TaskRun, outcome: Outcome) -> None:
        """Keep the outcome of an attempt."""
        write_atomically(self.file(run, task, ".result.json"), json.dumps(outcome))

    def outcome(self, run: Run, task: TaskRun) -> Outcome:
        """The outcome of an attempt; empty if there is none."""
        return cast("Outcome", read_json(self.file(run, task, ".result.json")) or {})

    def values_folder(self, run: Run) -> Path:
        """Where `dbutils.jobs.taskValues` keeps the values of a run's tasks."""
        return self.folder(run) / "values"

    def values(self, run: Run, task_key: str) -> dict[str, object]:
        """The values that a task has left, by their key."""
        return cast("dict[str, object]", read_json(self.values_folder(run) / f"{task_key}.json") or {})
