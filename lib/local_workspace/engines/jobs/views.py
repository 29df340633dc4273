"""Runs of single tasks, shown as runs."""

from typing import cast

from local_workspace.engines.jobs.run_documents import Progress, Run, TaskRun


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
