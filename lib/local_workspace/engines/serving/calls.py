"""What is known of an endpoint's calls: how many there were lately, how long they took, and how many failed."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_HOUR = 3600.0
_KEPT = 10_000  # calls; more in an hour would take memory for little


@dataclass(frozen=True)
class Call:
    """A call: when it ended (seconds of the clock), how many seconds it took, and the HTTP status of its answer."""

    ended: float
    seconds: float
    status: int


@dataclass(frozen=True)
class Traffic:
    """The calls of the last hour: their number, how many failed, and the seconds in which half and 95 % were answered.

    The times are None without a call.
    """

    calls: int
    errors: int
    p50: float | None
    p95: float | None


class Calls:
    """The newest calls of an endpoint, in memory. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: deque[Call] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, seconds: float, status: int) -> None:
        """Note a call that ends now."""
        with self._lock:
            self._calls.append(Call(self._clock(), seconds, status))

    def last_hour(self) -> Traffic:
        """The traffic of the last hour."""
        since = self._clock() - _HOUR
        with self._lock:
            calls = [call for call in self._calls if call.ended >= since]
        seconds = sorted(call.seconds for call in calls)
        errors = sum(call.status >= 400 for call in calls)
        return Traffic(len(calls), errors, _percentile(seconds, 0.5), _percentile(seconds, 0.95))


def _percentile(ordered: list[float], share: float) -> float | None:
    """The value that a `share` of them does not exceed (the nearest rank)."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
