"""How a wait that took too long fails."""

from collections.abc import Callable
from typing import NoReturn

from tenacity import RetryCallState


def timed_out(what: str) -> Callable[[RetryCallState], NoReturn]:
    """A `retry_error_callback` of tenacity: raises TimeoutError with `what`, the seconds, and the last result."""

    def fail(attempt: RetryCallState) -> NoReturn:
        last = attempt.outcome.result() if attempt.outcome else None
        raise TimeoutError(f"{what}: after {attempt.seconds_since_start or 0:.0f} s it is still {str(last)[:300]}")

    return fail
