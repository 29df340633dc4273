"""Job settings: checked before anything is stored, and merged by an update."""

from datetime import UTC
from typing import Any, cast

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.engines.jobs.documents import SentSettings, Settings
from local_workspace.engines.jobs.limits import check_limits
from local_workspace.engines.jobs.python_checks import check_environments
from local_workspace.engines.jobs.reference_checks import Known
from local_workspace.engines.jobs.task_checks import check_tasks
from local_workspace.engines.jobs.trigger_checks import check_triggers
from local_workspace.engines.jobs.unsupported import (
    JOB_DONE,
    JOB_REFUSED,
    JOB_WITHOUT_EFFECT,
    refuse_cluster,
    refuse_part,
)
from local_workspace.engines.jobs.watch import watched_by
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import refuse

DEFAULTS = {"format": "MULTI_TASK", "max_concurrent_runs": 1, "timeout_seconds": 0}
MERGE_KEYS = {
    "tasks": "task_key",
    "parameters": "name",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
}
REMOVABLE = ("tasks", "job_clusters")  # fields whose entries `fields_to_remove` may name
LOOK_SECONDS = 60  # how often triggers look at files and tables, as on Databricks


def checked(sent: SentSettings) -> Settings:
    """The settings with Databricks' defaults filled in. Raises ApiError 400 that names the invalid task or field."""
    refuse(sent, JOB_DONE | JOB_WITHOUT_EFFECT, JOB_REFUSED)
    settings = cast("Settings", {"name": "Untitled", **DEFAULTS, **sent})  # for omitted fields
    check_limits(settings)
    names = {parameter["name"] for parameter in settings.get("parameters", [])}
    for parameter in settings.get("parameters", []):
        Known().check(parameter["default"], f"Job parameter {parameter['name']!r}")
    check_tasks(settings.get("tasks", []), names)
    check_environments(settings)
    _check_clusters(sent)
    for name in ("email_notifications", "notification_settings"):
        refuse_part(cast("dict[str, object]", sent.get(name, {})), name, name)
    check_triggers(settings)
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
    if trigger and watched_by(trigger) and trigger.get("pause_status") != "PAUSED":
        return IntervalTrigger(timezone=UTC, seconds=LOOK_SECONDS)
    return None


def merged(settings: Settings, changes: SentSettings, remove: list[str]) -> SentSettings:
    """`settings` with `changes`: tasks, parameters and clusters by their key, other fields as a whole.

    `remove` has names of fields and of entries, such as `tasks/load`. Raises 400 for another nested field.
    """
    kept: dict[str, Any] = dict(settings)
    for path in remove:
        _remove(kept, path)
    name: str
    value: Any
    for name, value in changes.items():
        key = MERGE_KEYS.get(name)
        if key and name in kept:
            value = list({item[key]: item for item in kept[name] + value}.values())
        kept[name] = value
    return cast("SentSettings", kept)


def _remove(settings: dict[str, Any], path: str) -> None:
    name, _, entry = path.partition("/")
    if not entry:
        settings.pop(name, None)
    elif name not in REMOVABLE:
        raise invalid(f"fields_to_remove: {path} can't be removed; only entries of {', '.join(REMOVABLE)} can.")
    else:
        settings[name] = [item for item in settings.get(name, []) if item[MERGE_KEYS[name]] != entry]


def _check_clusters(sent: SentSettings) -> None:
    for cluster in sent.get("job_clusters", []):
        refuse_cluster(cluster.get("new_cluster", {}), f"job_clusters.{cluster.get('job_cluster_key')}.new_cluster")
    for task in sent.get("tasks", []):
        refuse_cluster(task.get("new_cluster", {}), f"tasks.{task['task_key']}.new_cluster")
