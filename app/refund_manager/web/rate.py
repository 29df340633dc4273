"""Rate limit for writes."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MAX_USERS = 10_000


class RateLimit:
    """A token bucket per user: up to `burst` writes at once, refilled with `per_second` writes a second."""

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, user: str) -> int:
        """Count a write of a user; returns 0 if it is allowed, else the seconds to wait."""
        now = self._clock()
        left, since = self._left.pop(user, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        allowed = left >= 1
        self._left[user] = (left - 1 if allowed else left, now)
        while len(self._left) > _MAX_USERS:
            self._left.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) / self._rate)
