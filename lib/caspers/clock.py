"""The current time, which a setting can fix."""

from datetime import UTC, datetime

from caspers import config


def now() -> datetime:
    """The current time in UTC, or the fixed time that CASPERS_NOW names. Raises ValueError as `config.load` does."""
    return config.load().now or datetime.now(UTC)
