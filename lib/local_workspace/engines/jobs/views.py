"""What is shown of a run beside its document: a single task of it, and its repairs."""

from typing import cast

from local_workspace.engines.jobs.documents import Settings, Task
from local_workspace.engines.jobs.run_documents import Progress, RepairItem, Run, TaskRun


def of_task(run: Run, task: TaskRun, iterations: list[TaskRun]) -> Run:
    """An attempt of a task in the shape of a run, as `jobs/runs/get` shows it for the attempt's run id.

    `iterations` are those of a for_each_task.
    """
    progress = {name: task.get(name) for name in Progress.__annotations__ if name in task}
    ended = {name: value for name, value in run.items() if name not in Progress.__annotations__}
    view = cast("Run", {**ended, **progress, "run_id": task["run_id"], "tasks": [task]})
    if "for_each_task" in task:
        view["iterations"] = iterations
    return view


def repair_history(run: Run) -> list[RepairItem]:
    """The original run and its repairs; the last one has the states and the end of the run."""
    history = run.get("repair_history") or [_original(run)]
    last: RepairItem = {**history[-1], "state": run["state"], "status": run["status"]}
    if "end_time" in run:
        last["end_time"] = run["end_time"]
    return [*history[:-1], last]


def _original(run: Run) -> RepairItem:
    return {
        "type": "ORIGINAL",
        "start_time": run["start_time"],
        "state": run["state"],
        "status": run["status"],
        "task_run_ids": [task["run_id"] for task in run["tasks"]],
    }


def settings_of(run: Run) -> Settings:
    """The settings of a run without a job."""
    return {
        "name": run["run_name"],
        "format": run["format"],
        "max_concurrent_runs": run["limits"]["max_concurrent_runs"],
        "timeout_seconds": run["limits"]["timeout_seconds"],
        "tasks": [cast("Task", first_attempt) for first_attempt in _settings_of_tasks(run)],
    }


def _settings_of_tasks(run: Run) -> list[dict[str, object]]:
    """The settings of each task once, without its progress."""
    return [
        {name: value for name, value in task.items() if name in Task.__annotations__}
        for task in run["tasks"]
        if not task["attempt_number"]
    ]
