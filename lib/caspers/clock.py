"""What time it is; a test can hold it still."""

from datetime import UTC, datetime

from caspers import config


def now() -> datetime:
    """The present time in UTC, or the still time that CASPERS_NOW names."""
    return config.load().now or datetime.now(UTC)
