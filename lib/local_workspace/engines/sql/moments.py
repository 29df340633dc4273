"""Dates, times and intervals as text, over Spark's whole range: also before year 1 and after 9999."""

from datetime import date
from decimal import Decimal

_DAYS_BEFORE_1970 = 719_162  # proleptic Gregorian, counted from January 1 of year 1
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400
_MICROS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)  # of a day, an hour, a minute and a second
_UNITS = ("DAY", "HOUR", "MINUTE", "SECOND")


def date_text(days: int) -> str:
    """A date, counted in days from 1970: `2024-02-29`, `-0042-01-01`, `+12345-01-01`."""
    cycle, day = divmod(days + _DAYS_BEFORE_1970, _CYCLE_DAYS)
    within = date.fromordinal(day + 1)
    year = within.year + cycle * _CYCLE_YEARS
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04}-{within.month:02}-{within.day:02}"


def moment_text(micros: int) -> str:
    """A time, counted in microseconds from 1970: `2024-01-01T00:00:00.000`, with six digits if three lose some."""
    days, rest = divmod(micros, _MICROS[0])
    seconds, fraction = divmod(rest, _MICROS[3])
    digits = f"{fraction:06}" if fraction % 1000 else f"{fraction // 1000:03}"
    return f"{date_text(days)}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{digits}"


def day_time_text(micros: int, first: int, last: int) -> str:
    """An interval from unit `first` to `last`, of 0 DAY to 3 SECOND: `INTERVAL '1 02:03:04.5' DAY TO SECOND`."""
    rest, text = abs(micros), "-" if micros < 0 else ""
    for unit in range(first, last + 1):
        text += "" if unit == first else " " if unit == 1 else ":"
        if unit == 3:
            text += ("0" if rest < 10 * _MICROS[3] else "") + _seconds(rest)
        else:
            count, rest = divmod(rest, _MICROS[unit])
            text += f"{count}" if unit == 0 else f"{count:02}"
    return f"INTERVAL '{text}' {_range(_UNITS[first], _UNITS[last])}"


def year_month_text(months: int, first: int, last: int) -> str:
    """An interval from unit `first` to `last`, 0 YEAR or 1 MONTH: `INTERVAL '1-2' YEAR TO MONTH`."""
    sign, count = "-" if months < 0 else "", abs(months)
    text = f"{count}" if first == 1 else f"{count // 12}" if last == 0 else f"{count // 12}-{count % 12}"
    return f"INTERVAL '{sign}{text}' {_range(('YEAR', 'MONTH')[first], ('YEAR', 'MONTH')[last])}"


def calendar_text(months: int, days: int, micros: int) -> str:
    """An interval of months, days and time: `1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds`."""
    sign = -1 if micros < 0 else 1
    hours, rest = divmod(abs(micros), _MICROS[1])
    minutes, rest = divmod(rest, _MICROS[2])
    years = int(months / 12)
    counts = (years, months - 12 * years, days, sign * hours, sign * minutes)
    named = zip(counts, ("years", "months", "days", "hours", "minutes"), strict=True)
    parts = [f"{count} {name}" for count, name in named if count]
    if rest:
        parts.append(f"{'-' if sign < 0 else ''}{_seconds(rest)} seconds")
    return " ".join(parts) or "0 seconds"


def _seconds(micros: int) -> str:
    return f"{Decimal(micros).scaleb(-6).normalize():f}"


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} TO {last}"
