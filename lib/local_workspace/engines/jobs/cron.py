"""Quartz cron expressions, which Databricks schedules use, as APScheduler triggers."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from local_workspace.runtime.errors import invalid

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
# Quartz counts from 1 = Sunday, APScheduler from 0 = Monday; both accept the same names.
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
FIELDS = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "day_of_week": (1, 7),
    "year": (1970, 2099),
}
NAMES = {"month": MONTHS, "day_of_week": DAYS}
ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd", "4": "4th", "5": "5th"}


def cron_trigger(expression: str, timezone: str) -> CronTrigger:
    """The trigger of a Quartz expression of six or seven fields in a time zone.

    Raises ApiError 400 that says what is wrong with the expression or the time zone.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, such as America
        raise invalid(f"Unknown time zone {timezone!r}; write it like UTC or Europe/Amsterdam.") from None
    try:
        return CronTrigger(timezone=zone, **_fields(expression))
    except ValueError as error:
        raise invalid(f"Invalid Quartz cron expression {expression!r}: {error}.") from None


def _fields(expression: str) -> dict[str, str]:
    parts = expression.upper().split()
    if len(parts) not in (6, 7):
        raise ValueError(f"it has {len(parts)} fields, not 6 or 7 (second minute hour day month weekday [year])")
    fields = dict(zip(FIELDS, parts, strict=False))
    if (fields["day"] == "?") == (fields["day_of_week"] == "?"):
        raise ValueError("exactly one of day of month and day of week must be '?'")
    special = _special_day(fields)
    return {name: _values(name, text) for name, text in fields.items()} | special


def _special_day(fields: dict[str, str]) -> dict[str, str]:
    """L (last day), 6L (last Friday) and 6#3 (third Friday), as APScheduler's `day`; removes them from `fields`."""
    weekday = fields["day_of_week"]
    if fields["day"] == "L":
        fields["day"] = "?"
        return {"day": "last"}
    if "#" in weekday:
        day, _, ordinal = weekday.partition("#")
        if ordinal not in ORDINALS:
            raise ValueError(f"{weekday!r} is no week of the month (1 to 5)")
        day = f"{ORDINALS[ordinal]} {_weekday(day)}"
    elif weekday.endswith("L") and weekday != "L":
        day = f"last {_weekday(weekday[:-1])}"
    else:
        return {}
    fields["day_of_week"] = "?"
    return {"day": day}


def _weekday(text: str) -> str:
    return DAYS[_number("day_of_week", text) - 1].lower()


def _values(field: str, text: str) -> str:
    if text == "?" and field not in ("day", "day_of_week"):
        raise ValueError(f"'?' is not allowed for {field}")
    if text in ("*", "?"):
        return "*"
    if field == "day_of_week" and text == "L":
        return "sat"
    numbers = sorted({number for item in text.split(",") for number in _expand(field, item)})
    if field == "day_of_week":
        return ",".join(DAYS[number - 1].lower() for number in numbers)
    return ",".join(map(str, numbers))


def _expand(field: str, item: str) -> list[int]:
    """The numbers of one item: `5`, `5-8`, `22-2` (wraps around), `0/10`, `*/10` or `5-30/5`."""
    low, high = FIELDS[field]
    span, slash, step = item.partition("/")
    first, dash, last = span.partition("-")
    start = low if first == "*" else _number(field, first)
    end = _number(field, last) if dash else (high if slash or first == "*" else start)
    if slash and (not step.isdecimal() or not 0 < int(step) <= high):
        raise ValueError(f"{item!r} has no valid step for {field}")
    if end < start:
        if field == "year":
            raise ValueError(f"{item!r} runs backwards")
        end += high - low + 1
    return [low + (number - low) % (high - low + 1) for number in range(start, end + 1, int(step or 1))]


def _number(field: str, text: str) -> int:
    names, (low, high) = NAMES.get(field, []), FIELDS[field]
    if text in names:
        return names.index(text) + 1
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is not valid for {field} ({low} to {high})")
    return int(text)
