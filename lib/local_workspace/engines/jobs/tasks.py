"""What a task does: execute a notebook in a process of its own, or update a pipeline."""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from local_workspace.engines.jobs.cancellation import Cancellation
from local_workspace.engines.jobs.parameters import task_parameters
from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.kernel import Context
from local_workspace.runtime.home import Home, read_json, write_atomically
from local_workspace.runtime.processes import Processes


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
    """Runs one task and returns its outcome: `error` and `error_trace` if it failed, else its result.

    Outcomes are also written beside the executed notebooks, where `outcome` reads them.
    """

    home: Home
    processes: Processes
    files: WorkspaceFiles
    pipelines: Pipelines
    notebook_env: Callable[[], dict[str, str]]

    def run(self, run: Run, task: TaskRun, cancellation: Cancellation) -> Outcome:
        """Run `task` of `run` to its end, or until it is canceled. Errors become the outcome's `error`."""
        self._folder(run).mkdir(parents=True, exist_ok=True)
        try:
            outcome = (
                self._notebook(run, task, cancellation)
                if "notebook_task" in task
                else self._pipeline(task, cancellation)
            )
        except Exception as error:  # a thread's boundary: any error ends this run, not the daemon
            outcome = Outcome(error=str(error), error_trace="")
        write_atomically(self._result_file(run, task), json.dumps(outcome))
        return outcome

    def outcome(self, run: Run, task: TaskRun) -> Outcome:
        """The outcome of a task that has run; empty if there is none."""
        return cast("Outcome", read_json(self._result_file(run, task)) or {})

    def _notebook(self, run: Run, task: TaskRun, cancellation: Cancellation) -> Outcome:
        source = self.files.resolve(task["notebook_task"]["notebook_path"])
        folder, name = self._folder(run), _file_name(task)
        context = folder / f"{name}.context.json"
        Context(
            parameters=task_parameters(task, run),
            notebook=str(source),
            workspace=str(self.home.workspace_files),
            task_key=task["task_key"],
            task_values=str(folder / "values"),
        ).write(context)
        arguments = [source, folder / f"{name}.ipynb", context, self._result_file(run, task)]
        child = self.processes.spawn(
            f"run-{task['run_id']}",
            [sys.executable, "-m", "local_workspace.workers.notebook_task", *map(str, arguments)],
            env=self.notebook_env(),
        )
        with cancellation.calling(child.terminate):
            code = child.wait()
        outcome = self.outcome(run, task) or {
            "error": f"The notebook's process ended with code {code}: {child.log_tail(1)}",
            "error_trace": child.log_tail(),
        }
        child.terminate()  # it has ended; this removes its pid file
        child.log.unlink(missing_ok=True)
        return outcome

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
        return {"error": f"Update {update_id} of pipeline {pipeline_id}: {answers[0]}", "error_trace": ""}

    def _folder(self, run: Run) -> Path:
        return self.home.runs / str(run["run_id"])

    def _result_file(self, run: Run, task: TaskRun) -> Path:
        return self._folder(run) / f"{_file_name(task)}.result.json"


def _file_name(task: TaskRun) -> str:
    """The name of an attempt's files, without suffix; a task's key has no dot."""
    attempt = task["attempt_number"]
    return f"{task['task_key']}.{attempt}" if attempt else task["task_key"]
