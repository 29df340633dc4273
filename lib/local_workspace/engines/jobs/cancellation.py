"""How a run is told to end before its time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """A one-time order to end, with its reason; whoever waits for something registers how to interrupt it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.reason: tuple[str, str] | None = None

    def cancel(self, result: str, message: str) -> None:
        """Give the order: `result` is CANCELED or TIMEDOUT. The first order counts; returns at once."""
        with self._lock:
            if self.reason:
                return
            self.reason = result, message
            callbacks = list(self._callbacks)
        for callback in callbacks:
            threading.Thread(target=callback, name="cancel").start()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` if the order comes within this block, or has come already."""
        with self._lock:
            self._callbacks.append(callback)
            given = self.reason
        if given:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
