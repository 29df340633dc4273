"""Repairs: some tasks of a run that has ended are run again, in the same run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from local_workspace.engines.jobs.documents import Settings
from local_workspace.engines.jobs.limits import check_notebook_params
from local_workspace.engines.jobs.new_runs import among, new_task
from local_workspace.engines.jobs.parameters import job_parameters
from local_workspace.engines.jobs.run_documents import RepairItem, Run, TaskRun
from local_workspace.engines.jobs.states import is_active, result_of, set_state
from local_workspace.engines.jobs.views import repair_history
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.timestamps import now_ms

GOOD = ("SUCCESS", "EXCLUDED", "DISABLED")
_OF_THE_END = ("end_time", "execution_duration", "run_duration", "began_at")


@dataclass(frozen=True)
class Repair:
    """Which tasks to run again, and with which parameters; `latest_repair_id` names the repair before this one."""

    rerun_tasks: list[str] = field(default_factory=list)
    rerun_all_failed_tasks: bool = False
    rerun_dependent_tasks: bool = False
    latest_repair_id: int | None = None
    job_parameters: dict[str, str] = field(default_factory=dict)
    notebook_params: dict[str, str] = field(default_factory=dict)


def check_repair(run: Run, repair: Repair) -> None:
    """Raise ApiError 400 if the run can't be repaired in this way."""
    if is_active(run):
        raise invalid(f"Run {run['run_id']} is active; repair it once it has ended.")
    if run["state"]["life_cycle_state"] == "SKIPPED":
        raise invalid(f"Run {run['run_id']} was skipped; start a new run instead.")
    if bool(repair.rerun_tasks) == repair.rerun_all_failed_tasks:
        raise invalid("Give either rerun_tasks, with the keys of tasks, or rerun_all_failed_tasks.")
    check_notebook_params(repair.notebook_params)
    latest = run["repair_history"][-1].get("id") if run.get("repair_history") else None
    if repair.latest_repair_id != latest:
        raise invalid(f"latest_repair_id must be that of the latest repair of run {run['run_id']}: {latest}.")


def tasks_to_repair(run: Run, repair: Repair) -> list[str]:
    """The keys of the tasks to run again. Raises ApiError 400 for a task that the run doesn't have, or for none."""
    latest = latest_attempts(run)
    if unknown := sorted(set(repair.rerun_tasks) - latest.keys()):
        raise invalid(f"Run {run['run_id']} has no task {', '.join(unknown)}.")
    chosen = set(repair.rerun_tasks)
    if repair.rerun_all_failed_tasks:
        chosen = {key for key, task in latest.items() if result_of(task) not in GOOD}
    if not chosen:
        raise invalid(f"Run {run['run_id']} has no task that failed.")
    while repair.rerun_dependent_tasks:
        further = {key for key, task in latest.items() if chosen & _needs(task)} - chosen
        if not further:
            break
        chosen |= further
    return [key for key in latest if key in chosen]


def begin_repair(run: Run, keys: list[str], settings: Settings, repair: Repair, next_id: Callable[[], int]) -> int:
    """Make the run pending again, with new attempts of these tasks; returns the id of the repair.

    The tasks have the settings that the job has now. Raises ApiError 400 if it has no such task or job parameter.
    """
    parameters = _parameters(run, settings, repair)
    attempts = _attempts(run, keys, settings, next_id)
    item: RepairItem = {
        "type": "REPAIR",
        "id": next_id(),
        "start_time": now_ms(),
        "state": run["state"],
        "status": run["status"],
        "task_run_ids": [attempt["run_id"] for attempt in attempts],
    }
    run["repair_history"] = [*repair_history(run), item]
    if "environments" in settings:
        run["environments"] = settings["environments"]
    run["limits"] = {
        "max_concurrent_runs": settings["max_concurrent_runs"],
        "timeout_seconds": settings["timeout_seconds"],
    }
    run["job_parameters"] = job_parameters(settings, parameters)
    run["overriding_parameters"] = {**run["overriding_parameters"], **repair.notebook_params}
    run["tasks"] += attempts
    for name in _OF_THE_END:
        run.pop(name, None)  # type: ignore[misc]  # mypy knows no variable as a TypedDict's key
    set_state(run, "PENDING")
    return item["id"]


def latest_attempts(run: Run) -> dict[str, TaskRun]:
    """The last attempt of each task, by its key."""
    return {task["task_key"]: task for task in run["tasks"]}


def _parameters(run: Run, settings: Settings, repair: Repair) -> dict[str, str]:
    """The job parameters of the run that the job still has, and those of the repair."""
    defined = {item["name"] for item in settings.get("parameters", [])}
    kept = {item["name"]: item["value"] for item in run["job_parameters"] if item["name"] in defined}
    return kept | repair.job_parameters


def _attempts(run: Run, keys: list[str], settings: Settings, next_id: Callable[[], int]) -> list[TaskRun]:
    latest, attempts = latest_attempts(run), []
    tasks = {task["task_key"]: task for task in settings.get("tasks", [])}
    if gone := sorted(set(keys) - tasks.keys()):
        raise invalid(f"Job {run['job_id']} no longer has the task {', '.join(gone)}; start a new run instead.")
    for key in keys:
        attempt = new_task(among(tasks[key], latest), next_id())
        attempt["attempt_number"] = latest[key]["attempt_number"] + 1
        attempts.append(attempt)
    return attempts


def _needs(task: TaskRun) -> set[str]:
    return {needed["task_key"] for needed in task.get("depends_on", [])}
