"""What a task does: run in a process of its own, or update a pipeline."""

import threading
from dataclasses import dataclass
from typing import Protocol

from local_workspace.engines.jobs.process_tasks import ProcessTasks
from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.engines.jobs.run_files import RunFiles
from local_workspace.engines.jobs.sql_tasks import SqlTasks
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home
from local_workspace.runtime.layered_environments import Report


class Pipelines(Protocol):
    """The methods of the pipelines engine that a pipeline task calls."""

    def run_update(self, pipeline_id: str, full_refresh: bool = False) -> str:
        """Start an update and return its id."""

    def cancel_update(self, pipeline_id: str, update_id: str) -> None:
        """Cancel an update if it still runs, and wait for its end."""

    def wait_update(self, pipeline_id: str, update_id: str) -> str:
        """Wait for the update's end and return its state, COMPLETED if it succeeded."""


@dataclass(frozen=True)
class TaskRunner:
    """Runs one task, whose references have been replaced, and returns its outcome.

    That is `error` and `error_trace` if it failed, else its result. Outcomes are also written beside the executed
    notebooks, where `outcome` reads them.
    """

    home: Home
    processes: ProcessTasks
    sql: SqlTasks
    pipelines: Pipelines
    space: FreeSpace

    @property
    def run_files(self) -> RunFiles:
        """The files of runs."""
        return RunFiles(self.home)

    def run(self, run: Run, task: TaskRun, cancellation: Cancellation, report: Report = lambda _: None) -> Outcome:
        """Run `task` of `run` to its end, or until it is canceled. Errors become the outcome's `error`.

        `report` is called with what is being done before the task itself runs.
        """
        self.run_files.folder(run).mkdir(parents=True, exist_ok=True)
        try:
            outcome = self._done(run, task, cancellation, report)
        except Exception as error:  # a thread's boundary: any error ends this run, not the daemon
            outcome = Outcome(error=str(error), error_trace="")
        self.space.keep_trying(lambda: self.run_files.write_outcome(run, task, outcome))
        return outcome

    def _done(self, run: Run, task: TaskRun, cancellation: Cancellation, report: Report) -> Outcome:
        if "pipeline_task" in task:
            return self._pipeline(task, cancellation)
        if "sql_task" in task:
            return self.sql.run(task, cancellation)
        if "warehouse_id" in task.get("notebook_task", {}):
            self.sql.check_notebook(task["notebook_task"])
        return self.processes.run(run, task, cancellation, report)

    def outcome(self, run: Run, task: TaskRun) -> Outcome:
        """The outcome of a task that has run; empty if there is none."""
        return self.run_files.outcome(run, task)

    def _pipeline(self, task: TaskRun, cancellation: Cancellation) -> Outcome:
        settings, done, answers = task["pipeline_task"], threading.Event(), []
        pipeline_id = settings["pipeline_id"]
        update_id = self.pipelines.run_update(pipeline_id, full_refresh=settings.get("full_refresh", False))

        def wait() -> None:
            try:
                answers.append(self.pipelines.wait_update(pipeline_id, update_id))
            except Exception as error:  # raised again below
                answers.append(f"failed: {error}")
            done.set()

        threading.Thread(target=wait, name=f"update-{update_id}", daemon=True).start()
        with cancellation.calling(done.set):
            done.wait()
        if cancellation.reason:
            self.pipelines.cancel_update(pipeline_id, update_id)
        if answers == ["COMPLETED"] or not answers:
            return {"update_id": update_id}
        error = f"Update {update_id} of pipeline {pipeline_id}: {answers[0]}"
        return {"error": error, "error_trace": "", "update_id": update_id}
