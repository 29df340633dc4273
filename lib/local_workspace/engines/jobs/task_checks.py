"""The tasks of a job, checked before anything is stored."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from local_workspace.engines.jobs import run_if
from local_workspace.engines.jobs.control_checks import check_control
from local_workspace.engines.jobs.documents import Task
from local_workspace.engines.jobs.python_checks import check_python, check_sql
from local_workspace.engines.jobs.reference_checks import Known
from local_workspace.engines.jobs.unsupported import (
    JOB_REFUSED,
    TASK_DONE,
    TASK_REFUSED,
    TASK_WITHOUT_EFFECT,
    refuse_part,
)
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import refuse

TASK_KINDS = (
    "notebook_task",
    "pipeline_task",
    "spark_python_task",
    "python_wheel_task",
    "sql_task",
    "condition_task",
    "for_each_task",
    "run_job_task",
)
_KEY = re.compile(r"[\w-]{1,100}")


def check_tasks(tasks: list[Task], parameters: set[str]) -> None:
    """Check all tasks of a job with these parameters. Raises ApiError 400 that names the invalid task or field."""
    for task in tasks:
        _check_task(task)
    kinds = {task["task_key"]: task for task in tasks}
    if len(kinds) < len(tasks):
        raise invalid("Two tasks have the same task_key.")
    upstream = _upstream(kinds)
    for key, task in kinds.items():
        _check_outcomes(task, kinds)
        _check_references(task, f"Task {key!r}", Known(parameters, upstream[key]))


def _check_task(task: Task, place: str = "tasks.") -> None:
    key = task.get("task_key", "")
    if not _KEY.fullmatch(key):
        raise invalid(f"task_key {key!r} is not 1 to 100 letters, digits, '-' or '_'.")
    place = f"{place}{key}."
    refuse(task, TASK_DONE | TASK_WITHOUT_EFFECT, TASK_REFUSED, place)
    if sum(kind in task for kind in TASK_KINDS) != 1:
        raise invalid(f"Task {key!r} must have exactly one of {', '.join(TASK_KINDS)}: a local workspace runs these.")
    if task.get("run_if", run_if.DEFAULT) not in run_if.CONDITIONS:
        raise invalid(f"Task {key!r}: run_if must be one of {', '.join(run_if.CONDITIONS)}.")
    for needed in task.get("depends_on", []):
        refuse_part(needed, "depends_on", f"{place}depends_on")
    if emails := task.get("email_notifications"):
        refuse_part(emails, "email_notifications", f"{place}email_notifications")
    if muted := task.get("notification_settings"):
        refuse_part(muted, "task_notification_settings", f"{place}notification_settings")
    _check_leaf(task, place)
    check_control(task, place)
    if "for_each_task" in task:
        _check_task(task["for_each_task"]["task"], f"{place}for_each_task.")


def _check_leaf(task: Task, place: str) -> None:
    if notebook := task.get("notebook_task"):
        refuse_part(notebook, "notebook_task", f"{place}notebook_task")
        if notebook.get("source", "WORKSPACE") != "WORKSPACE":
            raise invalid(f"{place}notebook_task.source: {JOB_REFUSED['git_source']}.")
    if pipeline := task.get("pipeline_task"):
        refuse_part(pipeline, "pipeline_task", f"{place}pipeline_task")
    check_python(task, place)
    check_sql(task, place)


def _check_references(task: Task, place: str, known: Known) -> None:
    for name, text in task.get("notebook_task", {}).get("base_parameters", {}).items():
        known.check(text, f"{place}, parameter {name!r}")
    for kind, settings in task.items():
        if kind.endswith("_task") and kind not in ("for_each_task", "notebook_task"):
            known.check(settings, f"{place}, {kind}")
    if "for_each_task" in task:
        known.check(task["for_each_task"]["inputs"], f"{place}, inputs")
        nested = Known(known.parameters, known.upstream, input=True)
        _check_references(task["for_each_task"]["task"], f"{place}, task of its for_each_task", nested)


def _check_outcomes(task: Task, tasks: Mapping[str, Task]) -> None:
    for needed in task.get("depends_on", []):
        if (outcome := needed.get("outcome")) is None:
            continue
        place = f"Task {task['task_key']!r}: the outcome of {needed['task_key']!r}"
        if "condition_task" not in tasks[needed["task_key"]]:
            raise invalid(f"{place} can't be a condition; only a condition_task has an outcome.")
        if outcome not in ("true", "false"):
            raise invalid(f"{place} must be 'true' or 'false'.")


def _upstream(tasks: Mapping[str, Task]) -> dict[str, set[str]]:
    """The keys of all tasks that run before each task. Raises ApiError 400 for an unknown one or a circle."""
    graph = {key: [needed["task_key"] for needed in task.get("depends_on", [])] for key, task in tasks.items()}
    for key, needed in graph.items():
        if unknown := set(needed) - graph.keys():
            raise invalid(f"Task {key!r} depends on {', '.join(sorted(unknown))}, which the job does not have.")
    upstream: dict[str, set[str]] = {}
    try:
        for key in TopologicalSorter(graph).static_order():
            upstream[key] = set(graph[key]).union(*(upstream[needed] for needed in graph[key]))
    except CycleError as error:
        raise invalid(f"The tasks depend on each other in a circle: {' -> '.join(error.args[1])}.") from None
    return upstream
