"""Dates and times as SQL literals, read from the texts that CAST takes.

See https://docs.databricks.com/aws/en/sql/language-manual/data-types/date-type and timestamp-type there. Python's own
types hold the years 1 to 9999 only, and read texts that SQL does not, such as `20240101` and `2024-W01-1`.
"""

import re
from datetime import date

_DATE = r"(?P<year>[+-]?\d{4,7})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d*))?)?)?"
_ZONE = r"(?P<zone>Z|[A-Za-z+-][\w/+:-]*)"
_DAY = re.compile(rf"{_DATE}(?:[ T].*)?)?)?", re.ASCII | re.DOTALL)
_MOMENT = re.compile(rf"{_DATE}(?:[ T](?:{_TIME}\s*{_ZONE}?)?)?)?)?", re.ASCII)
_MOST_YEARS = {"DATE": 5_881_579, "TIMESTAMP": 294_246, "TIMESTAMP_NTZ": 294_246}  # that Spark's integers hold
_CYCLE_YEARS = 400  # after which the days of the calendar repeat


def date_literal(text: str) -> str:
    """The literal of a date, such as `DATE'2024-02-29'`; a time behind it is dropped. Raises ValueError."""
    return _literal("DATE", _read(_DAY, text, "DATE"))


def moment_literal(text: str) -> str:
    """The literal of a time; without a zone it is in the session's. Raises ValueError."""
    found = _read(_MOMENT, text, "TIMESTAMP")
    return _literal("TIMESTAMP", found, f"{_clock(found)}{found['zone'] and ' ' + found['zone'] or ''}")


def local_literal(text: str) -> str:
    """The literal of a time without a zone; one in the text is dropped. Raises ValueError."""
    found = _read(_MOMENT, text, "TIMESTAMP_NTZ")
    return _literal("TIMESTAMP_NTZ", found, _clock(found))


def _read(pattern: re.Pattern[str], text: str, kind: str) -> re.Match[str]:
    found = pattern.fullmatch(text.strip())
    if found is None or abs(int(found["year"])) > _MOST_YEARS[kind]:
        raise ValueError(text)
    date(_CYCLE_YEARS + int(found["year"]) % _CYCLE_YEARS, int(found["month"] or 1), int(found["day"] or 1))
    return found


def _clock(found: re.Match[str]) -> str:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(found.string)
    return f" {hour:02}:{minute:02}:{second:02}.{found['fraction'] or '0'}"


def _literal(kind: str, found: re.Match[str], clock: str = "") -> str:
    return f"{kind}'{found['year']}-{int(found['month'] or 1):02}-{int(found['day'] or 1):02}{clock}'"
