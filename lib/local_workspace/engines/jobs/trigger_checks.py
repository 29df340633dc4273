"""The schedule and the trigger of a job, checked before anything is stored."""

from collections.abc import Mapping
from datetime import UTC, datetime

from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.engines.jobs.documents import Schedule, Settings, Trigger
from local_workspace.engines.jobs.unsupported import refuse_part
from local_workspace.runtime.errors import invalid

KINDS = ("periodic", "file_arrival", "table_update")
CONDITIONS = ("ANY_UPDATED", "ALL_UPDATED")
SHORTEST = 60  # seconds; the SDK's docstring of `FileArrivalTriggerConfiguration`
_TIMES = ("min_time_between_triggers_seconds", "wait_after_last_change_seconds")


def check_triggers(settings: Settings) -> None:
    """Raise ApiError 400 for an invalid schedule or trigger, or for both at once."""
    if trigger := settings.get("trigger"):
        refuse_part(trigger, "trigger", "trigger")
        if settings.get("schedule"):
            raise invalid("A job has either a schedule or a trigger; leave one out.")
        _check_trigger(trigger)
    if schedule := settings.get("schedule"):
        _check_schedule(schedule)


def _check_schedule(schedule: Schedule) -> None:
    refuse_part(schedule, "schedule", "schedule")
    trigger = cron_trigger(schedule.get("quartz_cron_expression", ""), schedule.get("timezone_id", ""))
    if trigger.get_next_fire_time(None, datetime.now(UTC)) is None:
        raise invalid(f"The schedule {schedule['quartz_cron_expression']!r} never comes due.")


def _check_trigger(trigger: Trigger) -> None:
    if len([kind for kind in KINDS if kind in trigger]) > 1:
        raise invalid(f"A trigger has one of {', '.join(KINDS)}.")
    if arrival := trigger.get("file_arrival"):
        refuse_part(arrival, "file_arrival", "trigger.file_arrival")
        _check_times(arrival, "file_arrival")
        if not arrival["url"].startswith("/Volumes/") or any(sign in arrival["url"] for sign in "*?["):
            raise invalid(
                f"trigger.file_arrival.url {arrival['url'][:80]!r} must be the path of a volume or of a folder in it, "
                "without wildcards: /Volumes/<catalog>/<schema>/<volume>/…"
            )
    if update := trigger.get("table_update"):
        refuse_part(update, "table_update", "trigger.table_update")
        _check_times(update, "table_update")
        if not update["table_names"]:
            raise invalid("trigger.table_update.table_names must name at least one table.")
        if len(set(update["table_names"])) < len(update["table_names"]):
            raise invalid("trigger.table_update.table_names must not name a table twice.")
        if update.get("condition", "ANY_UPDATED") not in CONDITIONS:
            raise invalid(f"trigger.table_update.condition must be one of {', '.join(CONDITIONS)}.")


def _check_times(settings: Mapping[str, object], kind: str) -> None:
    for name in _TIMES:
        value = settings.get(name)
        if isinstance(value, int) and 0 < value < SHORTEST:
            raise invalid(f"trigger.{kind}.{name} must be 0 or at least {SHORTEST}.")
