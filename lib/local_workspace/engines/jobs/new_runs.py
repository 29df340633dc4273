"""New documents of runs, tasks and iterations."""

import copy
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import cast

from local_workspace.engines.jobs.documents import Job, Settings, Task
from local_workspace.engines.jobs.limits import check_notebook_params
from local_workspace.engines.jobs.parameters import job_parameters
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import state, status
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.timestamps import now_ms


@dataclass(frozen=True)
class Start:
    """What starts a run, and with which parameters.

    `queue` overrides the job's setting of whether the run may wait. `only` are the keys of the tasks to run, None for
    all. `caused_by` is the run id of a run_job_task, `ancestors` are the jobs above it, and `inherited` their
    parameters, of which the job takes those that it defines. `trigger_values` are what references to the trigger
    stand for.
    """

    job_parameters: dict[str, str] = field(default_factory=dict)
    notebook_params: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    trigger: str = "ONE_TIME"
    run_type: str = "JOB_RUN"
    queue: bool | None = None
    only: list[str] | None = None
    caused_by: int | None = None
    ancestors: tuple[int, ...] = ()
    inherited: dict[str, str] = field(default_factory=dict)
    trigger_values: dict[str, str] = field(default_factory=dict)


def new_run(job: Job, start: Start, number: int, next_id: Callable[[], int]) -> Run:
    """A run of `job` that is pending; `number` is its number_in_job. Raises 400 for parameters that it can't have."""
    check_notebook_params(start.notebook_params)
    run_id, settings = next_id(), job["settings"]
    run: Run = {
        "job_id": job["job_id"],
        "run_id": run_id,
        "job_run_id": run_id,
        "original_attempt_run_id": run_id,
        "number_in_job": number,
        "run_name": settings["name"],
        "run_type": start.run_type,
        "format": "MULTI_TASK",
        "trigger": start.trigger,
        "start_time": now_ms(),
        "state": state("PENDING"),
        "status": status("PENDING"),
        "limits": {
            "max_concurrent_runs": settings["max_concurrent_runs"],
            "timeout_seconds": settings["timeout_seconds"],
        },
        "tasks": [new_task(task, next_id()) for task in _chosen(settings, start.only)],
        "job_parameters": job_parameters(settings, start.job_parameters, start.inherited),
        "overriding_parameters": start.notebook_params,
        "idempotency_token": start.token,
        "ancestors": list(start.ancestors),
        "trigger_values": start.trigger_values,
    }
    if "environments" in settings:
        run["environments"] = settings["environments"]
    if start.trigger == "PERIODIC" and "schedule" in settings:
        run["schedule"] = settings["schedule"]
    if start.caused_by is not None:
        run["trigger_info"] = {"run_id": start.caused_by}
    return run


def _chosen(settings: Settings, only: list[str] | None) -> list[Task]:
    """The tasks with these keys, without their dependencies on others. Raises 400 for a task the job doesn't have."""
    tasks = settings.get("tasks", [])
    if only is None:
        return tasks
    if unknown := sorted(set(only) - {task["task_key"] for task in tasks}):
        raise invalid(f"The job {settings['name']!r} has no task {', '.join(unknown)}.")
    return [among(task, only) for task in tasks if task["task_key"] in only]


def among(task: Task, keys: Collection[str]) -> Task:
    """The task without its dependencies on other tasks than those."""
    if "depends_on" not in task:
        return task
    return {**task, "depends_on": [needed for needed in task["depends_on"] if needed["task_key"] in keys]}


def new_task(task: Task, run_id: int) -> TaskRun:
    """The first attempt of a task, which waits for those that it depends on."""
    waiting = "BLOCKED" if task.get("depends_on") else "PENDING"
    progress: TaskRun = {
        "task_key": task["task_key"],
        "state": state(waiting),
        "status": status(waiting),
        "run_id": run_id,
        "attempt_number": 0,
        "start_time": 0,
    }
    return cast("TaskRun", {**without_results(task), **progress})


def without_results(task: Task) -> Task:
    """A copy of a task without what an earlier attempt has put into its settings."""
    fresh = copy.deepcopy(task)
    if "condition_task" in fresh:
        fresh["condition_task"].pop("outcome", None)
    if "for_each_task" in fresh:
        fresh["for_each_task"].pop("stats", None)
    return fresh


def new_iteration(loop: TaskRun, number: int, value: object, run_id: int, of_run: int) -> TaskRun:
    """The first attempt of an iteration of the for_each_task `loop` over its element `value`."""
    iteration = new_task(loop["for_each_task"]["task"], run_id)
    iteration["iteration"], iteration["input"] = number, json.dumps(value)
    iteration["for_each_run_id"], iteration["of_run"] = loop["run_id"], of_run
    return iteration
