"""The formats of values on pages, as Jinja filters. Times are in milliseconds since 1970, as in Databricks' API."""

import re
import time
from datetime import UTC, datetime

from markupsafe import Markup, escape

NOTHING = "–"
_SECONDS = ((86_400, "d"), (3600, "h"), (60, "m"))


def milliseconds(text: str) -> int:
    """The milliseconds since 1970 of a time as the API writes it, such as 2026-05-01T12:00:00.000Z."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def moment(ms: int | None) -> Markup | str:
    """A point in time, which the page's script shows in the reader's time zone."""
    if not ms:
        return NOTHING
    when = datetime.fromtimestamp(ms / 1000, UTC)
    text = when.strftime("%d %b %Y, %H:%M:%S UTC").removeprefix("0")
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(timespec="milliseconds"), text)


def ago(ms: int | None, now: float | None = None) -> Markup | str:
    """How long ago a point in time was, such as `3 h ago`; `now` is in seconds since 1970."""
    if not ms:
        return NOTHING
    when = datetime.fromtimestamp(ms / 1000, UTC)
    past = (time.time() if now is None else now) - ms / 1000
    text = f"in {span(-past)}" if past < -1 else "now" if past < 1 else f"{span(past)} ago"
    return Markup('<time datetime="{}" data-ago>{}</time>').format(when.isoformat(timespec="milliseconds"), text)


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def duration(ms: float | None) -> str:
    """How long something took: `850 ms`, `12 s`, `3m 20s`, `2h 5m`."""
    if ms is None:
        return NOTHING
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s" if ms < 10_000 else f"{ms / 1000:.0f} s"
    rest = round(ms / 1000)
    counts = {}
    for size, unit in (*_SECONDS, (1, "s")):
        counts[unit], rest = divmod(rest, size)
    parts = [f"{count}{unit}" for unit, count in counts.items()]
    first = next(index for index, count in enumerate(counts.values()) if count)
    return " ".join(parts[first : first + 2])


def seconds(value: float | None) -> str:
    """How long something took that is measured in seconds."""
    return duration(None if value is None else value * 1000)


def size(count: float | None) -> str:
    """A number of bytes, in multiples of 1024."""
    if count is None:
        return NOTHING
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def number(count: float | None) -> str:
    """A count with commas: 58,214."""
    return NOTHING if count is None else f"{count:,}"


def breakable(name: str) -> Markup:
    """A long name that may go on in the next line after a dot or an underscore."""
    return Markup(re.sub(r"[._]+", r"\g<0><wbr>", str(escape(name))))
