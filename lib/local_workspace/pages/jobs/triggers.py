"""What starts a job on its own, in words, and whether it is paused."""

import re
from typing import Literal

from local_workspace.engines.jobs.documents import Schedule, SentSettings, Settings, Trigger

type Pause = Literal["PAUSED", "UNPAUSED"]


def trigger_words(settings: Settings) -> str:
    """The schedule or trigger of a job; empty if it has none."""
    if schedule := settings.get("schedule"):
        return _schedule(schedule)
    return _trigger(settings["trigger"]) if "trigger" in settings else ""


def is_paused(settings: Settings) -> bool:
    """Whether a job has a schedule or trigger that is paused."""
    return (settings.get("schedule") or settings.get("trigger") or {}).get("pause_status") == "PAUSED"


def with_pause(settings: Settings, status: Pause) -> SentSettings:
    """The change of settings that pauses or resumes a job's schedule or trigger; empty for a job without one."""
    if schedule := settings.get("schedule"):
        return {"schedule": {**schedule, "pause_status": status}}
    if trigger := settings.get("trigger"):
        return {"trigger": {**trigger, "pause_status": status}}
    return {}


def _trigger(trigger: Trigger) -> str:
    if period := trigger.get("periodic"):
        unit = period["unit"].lower()
        return f"Every {unit.removesuffix('s')}" if period["interval"] == 1 else f"Every {period['interval']} {unit}"
    if arrival := trigger.get("file_arrival"):
        return f"File arrival in {arrival['url']}"
    if update := trigger.get("table_update"):
        every = "all" if update.get("condition") == "ALL_UPDATED" else "any"
        tables = update["table_names"]
        return f"Update of {tables[0] if len(tables) == 1 else f'{every} of ' + ', '.join(tables)}"
    return ""


def _schedule(schedule: Schedule) -> str:
    """A Quartz expression in words where it is a simple one."""
    expression, zone = schedule["quartz_cron_expression"], schedule["timezone_id"]
    second, minute, hour, *days = expression.split()
    every_day = days[:3] in (["*", "*", "?"], ["?", "*", "*"]) and len(days) == 3
    if every_day and re.fullmatch(r"\d+", second):
        if hour == "*" and (step := re.fullmatch(r"(?:\*|0)/(\d+)", minute)):
            return f"Every {step[1]} minutes"
        if hour == "*" and (step := re.fullmatch(r"(\d+)/(\d+)", minute)):
            return f"Every {step[2]} minutes from minute {step[1]}"
        if hour == "*" and minute.isdigit():
            return f"Every hour at minute {minute}"
        if hour.isdigit() and minute.isdigit():
            return f"Every day at {int(hour):02}:{int(minute):02} ({zone})"
    return f"{expression} ({zone})"
