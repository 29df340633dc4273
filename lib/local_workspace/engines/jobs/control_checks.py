"""Checks of the tasks that the engine itself does: condition_task, for_each_task and run_job_task."""

import json

from local_workspace.engines.jobs.comparison import OPERATORS
from local_workspace.engines.jobs.documents import ForEachTask, Task
from local_workspace.engines.jobs.references import found_in
from local_workspace.engines.jobs.unsupported import refuse_part
from local_workspace.runtime.errors import invalid

MAX_CONCURRENCY = 100  # https://docs.databricks.com/aws/en/jobs/for-each


def check_control(task: Task, place: str) -> None:
    """Raise ApiError 400 for an invalid condition_task, for_each_task or run_job_task."""
    if condition := task.get("condition_task"):
        refuse_part(condition, "condition_task", f"{place}condition_task")
        if condition["op"] not in OPERATORS:
            raise invalid(f"{place}condition_task.op must be one of {', '.join(OPERATORS)}.")
    if loop := task.get("for_each_task"):
        refuse_part(loop, "for_each_task", f"{place}for_each_task")
        _check_loop(loop, f"{place}for_each_task.")
    if job := task.get("run_job_task"):
        refuse_part(job, "run_job_task", f"{place}run_job_task")


def _check_loop(loop: ForEachTask, place: str) -> None:
    nested = loop["task"]
    if not 1 <= loop.get("concurrency", 1) <= MAX_CONCURRENCY:
        raise invalid(f"{place}concurrency must be from 1 to {MAX_CONCURRENCY}.")
    if "for_each_task" in nested:
        raise invalid(f"{place}task: a for_each_task can't be the task of another; run a job that has it instead.")
    for name in ("depends_on", "run_if"):
        if nested.get(name):
            raise invalid(f"{place}task.{name}: give it to the for_each_task instead.")
    if not found_in(loop["inputs"]):
        elements(loop["inputs"], f"{place}inputs")


def elements(inputs: str, place: str) -> list[object]:
    """The elements of a JSON array. Raises ApiError 400 for any other text."""
    try:
        found = json.loads(inputs)
    except (ValueError, RecursionError) as error:
        raise invalid(f"{place} must be a JSON array: {error}.") from None
    if not isinstance(found, list):
        raise invalid(f"{place} must be a JSON array, not {inputs[:80]!r}.")
    return found
