"""Job settings: checked before anything is stored, and merged by an update."""

from datetime import UTC, datetime
from typing import Any, cast

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.engines.jobs.documents import SentSettings, Settings
from local_workspace.engines.jobs.reference_checks import Known
from local_workspace.engines.jobs.task_checks import check_tasks
from local_workspace.engines.jobs.unsupported import (
    JOB_DONE,
    JOB_REFUSED,
    JOB_WITHOUT_EFFECT,
    refuse_cluster,
    refuse_part,
)
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import refuse

DEFAULTS = {"format": "MULTI_TASK", "max_concurrent_runs": 1, "timeout_seconds": 0}
MERGE_KEYS = {"tasks": "task_key", "parameters": "name"}


def checked(sent: SentSettings) -> Settings:
    """The settings with Databricks' defaults filled in. Raises ApiError 400 that names the invalid task or field."""
    refuse(sent, JOB_DONE | JOB_WITHOUT_EFFECT, JOB_REFUSED)
    settings = cast("Settings", {"name": "Untitled", **DEFAULTS, **sent})  # for omitted fields
    names = {parameter["name"] for parameter in settings.get("parameters", [])}
    for parameter in settings.get("parameters", []):
        Known().check(parameter["default"], f"Job parameter {parameter['name']!r}")
    check_tasks(settings.get("tasks", []), names)
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


def _check_clusters(sent: SentSettings) -> None:
    for cluster in sent.get("job_clusters", []):
        refuse_cluster(cluster.get("new_cluster", {}), f"job_clusters.{cluster.get('job_cluster_key')}.new_cluster")
    for task in sent.get("tasks", []):
        refuse_cluster(task.get("new_cluster", {}), f"tasks.{task['task_key']}.new_cluster")
