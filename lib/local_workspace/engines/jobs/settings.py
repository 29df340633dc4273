"""Job settings: checked before anything is stored, merged by update, and resolved into a task's parameters."""

import re
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any, cast

from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.engines.jobs.documents import Run, RunParameter, SentSettings, Settings, Task, TaskRun
from local_workspace.runtime.errors import invalid

DEFAULTS = {"format": "MULTI_TASK", "max_concurrent_runs": 1, "timeout_seconds": 0}
TASK_KINDS = ("notebook_task", "pipeline_task")
RUN_IF = ("ALL_SUCCESS", "ALL_DONE")
MERGE_KEYS = {"tasks": "task_key", "parameters": "name"}
_REFERENCE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_KEY = re.compile(r"[\w-]{1,100}")


def checked(sent: SentSettings) -> Settings:
    """The settings with Databricks' defaults filled in. Raises 400 that names the task or field at fault."""
    settings = cast("Settings", {"name": "Untitled", **DEFAULTS, **sent})  # what a request leaves out has a default
    names = {parameter["name"] for parameter in settings.get("parameters", [])}
    for task in settings.get("tasks", []):
        _check_task(task, names)
    _check_graph(settings.get("tasks", []))
    if schedule := settings.get("schedule"):
        trigger = cron_trigger(schedule.get("quartz_cron_expression", ""), schedule.get("timezone_id", ""))
        if trigger.get_next_fire_time(None, datetime.now(UTC)) is None:
            raise invalid(f"The schedule {schedule['quartz_cron_expression']!r} never comes due.")
    if not isinstance(settings["max_concurrent_runs"], int) or settings["max_concurrent_runs"] < 1:
        raise invalid("max_concurrent_runs must be a whole number of at least 1.")
    return settings


def merged(settings: Settings, changes: SentSettings, remove: list[str]) -> SentSettings:
    """`settings` with `changes`: tasks and parameters by their key, other fields as a whole."""
    kept: dict[str, Any] = {name: value for name, value in settings.items() if name not in remove}
    name: str
    value: Any
    for name, value in changes.items():
        key = MERGE_KEYS.get(name)
        if key and name in kept:
            value = list({item[key]: item for item in kept[name] + value}.values())
        kept[name] = value
    return cast("SentSettings", kept)


def job_parameters(settings: Settings, overrides: dict[str, str]) -> list[RunParameter]:
    """The run's job parameters as {name, default, value}. Raises 400 for an override the job doesn't define."""
    defaults = {item["name"]: item["default"] for item in settings.get("parameters", [])}
    unknown = sorted(overrides.keys() - defaults.keys())
    if unknown:
        raise invalid(
            f"The job {settings['name']!r} has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(sorted(defaults)) or 'none'}."
        )
    return [
        {"name": name, "default": default, "value": overrides.get(name, default)} for name, default in defaults.items()
    ]


def task_parameters(task: TaskRun, run: Run) -> dict[str, str]:
    """What a notebook task gets: its own parameters with references resolved, then the job's, which win."""
    own = {**task["notebook_task"].get("base_parameters", {}), **run["overriding_parameters"]}
    job = {item["name"]: item["value"] for item in run["job_parameters"]}
    values = {
        "job.id": run["job_id"],
        "job.run_id": run["run_id"],
        "job.name": run["run_name"],
        "task.name": task["task_key"],
        **{f"job.parameters.{name}": value for name, value in job.items()},
    }
    return {name: resolved(str(text), values) for name, text in own.items()} | job


def resolved(text: str, values: dict[str, object]) -> str:
    """`text` with each `{{name}}` of `values` replaced; other references stay as they are."""
    return _REFERENCE.sub(lambda match: str(values.get(match[1], match[0])), text)


def _check_task(task: Task, parameters: set[str]) -> None:
    key = task.get("task_key", "")
    if not _KEY.fullmatch(key):
        raise invalid(f"task_key {key!r} is not 1 to 100 letters, digits, '-' or '_'.")
    if sum(kind in task for kind in TASK_KINDS) != 1:
        raise invalid(f"Task {key!r} must have exactly one of {', '.join(TASK_KINDS)}: a local workspace runs these.")
    if task.get("run_if", "ALL_SUCCESS") not in RUN_IF:
        raise invalid(f"Task {key!r}: run_if must be one of {', '.join(RUN_IF)} in a local workspace.")
    for name, text in task.get("notebook_task", {}).get("base_parameters", {}).items():
        for reference in _REFERENCE.findall(str(text)):
            prefix, _, wanted = reference.rpartition(".")
            if prefix == "job.parameters" and wanted not in parameters:
                raise invalid(f"Task {key!r}, parameter {name!r}: the job defines no parameter {wanted!r}.")


def _check_graph(tasks: list[Task]) -> None:
    graph = {task["task_key"]: [needed["task_key"] for needed in task.get("depends_on", [])] for task in tasks}
    if len(graph) < len(tasks):
        raise invalid("Two tasks have the same task_key.")
    for key, needed in graph.items():
        if unknown := set(needed) - graph.keys():
            raise invalid(f"Task {key!r} depends on {', '.join(sorted(unknown))}, which the job does not have.")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise invalid(f"The tasks depend on each other in a circle: {' -> '.join(error.args[1])}.") from None
