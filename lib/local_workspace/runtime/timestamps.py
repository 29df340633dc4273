"""Times as the API writes them."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """The current time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def now_iso() -> str:
    """The current time as `to_iso` writes it."""
    return to_iso(datetime.now(UTC))


def to_iso(moment: datetime) -> str:
    """`moment`, which has a time zone, in UTC with milliseconds, such as 2026-05-01T12:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms_to_iso(milliseconds: int) -> str:
    """Milliseconds since 1970 as `to_iso` writes them."""
    return to_iso(datetime.fromtimestamp(milliseconds / 1000, UTC))
