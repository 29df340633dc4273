"""Job settings: checked before anything is stored, and merged by an update."""

import re
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any, cast

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from local_workspace.engines.jobs import references
from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.engines.jobs.documents import SentSettings, Settings, Task
from local_workspace.engines.jobs.unsupported import (
    JOB_DONE,
    JOB_REFUSED,
    JOB_WITHOUT_EFFECT,
    TASK_DONE,
    TASK_REFUSED,
    TASK_WITHOUT_EFFECT,
    refuse_cluster,
    refuse_part,
)
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import refuse

DEFAULTS = {"format": "MULTI_TASK", "max_concurrent_runs": 1, "timeout_seconds": 0}
TASK_KINDS = ("notebook_task", "pipeline_task")
RUN_IF = ("ALL_SUCCESS", "ALL_DONE")
MERGE_KEYS = {"tasks": "task_key", "parameters": "name"}
_KEY = re.compile(r"[\w-]{1,100}")


def checked(sent: SentSettings) -> Settings:
    """The settings with Databricks' defaults filled in. Raises ApiError 400 that names the invalid task or field."""
    refuse(sent, JOB_DONE | JOB_WITHOUT_EFFECT, JOB_REFUSED)
    settings = cast("Settings", {"name": "Untitled", **DEFAULTS, **sent})  # for omitted fields
    names = {parameter["name"] for parameter in settings.get("parameters", [])}
    for parameter in settings.get("parameters", []):
        for reference in references.found_in(parameter["default"]):
            if problem := references.problem(reference, set()):
                raise invalid(f"Job parameter {parameter['name']!r}: {problem}")
    for task in settings.get("tasks", []):
        _check_task(task, names)
    _check_graph(settings.get("tasks", []))
    _check_clusters(sent)
    if trigger_settings := settings.get("trigger"):
        refuse_part(trigger_settings, "trigger", "trigger")
        if settings.get("schedule"):
            raise invalid("A job has either a schedule or a trigger; leave one out.")
    if schedule := settings.get("schedule"):
        refuse_part(schedule, "schedule", "schedule")
        trigger = cron_trigger(schedule.get("quartz_cron_expression", ""), schedule.get("timezone_id", ""))
        if trigger.get_next_fire_time(None, datetime.now(UTC)) is None:
            raise invalid(f"The schedule {schedule['quartz_cron_expression']!r} never comes due.")
    if not isinstance(settings["max_concurrent_runs"], int) or settings["max_concurrent_runs"] < 1:
        raise invalid("max_concurrent_runs must be a whole number of at least 1.")
    return settings


def clock_of(settings: Settings) -> CronTrigger | IntervalTrigger | None:
    """The APScheduler trigger of the job; None if it has no schedule or trigger, or is paused."""
    schedule, trigger = settings.get("schedule"), settings.get("trigger")
    if schedule and schedule.get("pause_status") != "PAUSED":
        return cron_trigger(schedule["quartz_cron_expression"], schedule["timezone_id"])
    if trigger and "periodic" in trigger and trigger.get("pause_status") != "PAUSED":
        period = trigger["periodic"]
        return IntervalTrigger(timezone=UTC, **{period["unit"].lower(): period["interval"]})
    return None


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


def _check_task(task: Task, parameters: set[str]) -> None:
    key = task.get("task_key", "")
    if not _KEY.fullmatch(key):
        raise invalid(f"task_key {key!r} is not 1 to 100 letters, digits, '-' or '_'.")
    _refuse_unsupported(task)
    if sum(kind in task for kind in TASK_KINDS) != 1:
        raise invalid(f"Task {key!r} must have exactly one of {', '.join(TASK_KINDS)}: a local workspace runs these.")
    if task.get("run_if", "ALL_SUCCESS") not in RUN_IF:
        raise invalid(f"Task {key!r}: run_if must be one of {', '.join(RUN_IF)} in a local workspace.")
    for name, text in task.get("notebook_task", {}).get("base_parameters", {}).items():
        for reference in references.found_in(str(text)):
            if problem := references.problem(reference, parameters):
                raise invalid(f"Task {key!r}, parameter {name!r}: {problem}")


def _refuse_unsupported(task: Task) -> None:
    place = f"tasks.{task['task_key']}."
    refuse(task, TASK_DONE | TASK_WITHOUT_EFFECT, TASK_REFUSED, place)
    for needed in task.get("depends_on", []):
        refuse_part(needed, "depends_on", f"{place}depends_on")
    if notebook := task.get("notebook_task"):
        refuse_part(notebook, "notebook_task", f"{place}notebook_task")
        if notebook.get("source", "WORKSPACE") != "WORKSPACE":
            raise invalid(f"{place}notebook_task.source: {JOB_REFUSED['git_source']}.")
    if pipeline := task.get("pipeline_task"):
        refuse_part(pipeline, "pipeline_task", f"{place}pipeline_task")


def _check_clusters(sent: SentSettings) -> None:
    for cluster in sent.get("job_clusters", []):
        refuse_cluster(cluster.get("new_cluster", {}), f"job_clusters.{cluster.get('job_cluster_key')}.new_cluster")
    for task in sent.get("tasks", []):
        refuse_cluster(task.get("new_cluster", {}), f"tasks.{task['task_key']}.new_cluster")


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
