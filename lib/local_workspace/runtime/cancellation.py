"""The early end of a run or an attempt: canceled or timed out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """A request to end, made once, with its reason. Code that waits registers a callback that interrupts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.reason: tuple[str, str] | None = None

    def cancel(self, result: str, message: str) -> None:
        """Request the end; `result` is CANCELED or TIMEDOUT. Later requests have no effect. Returns without waiting."""
        with self._lock:
            if self.reason:
                return
            self.reason = result, message
            callbacks = list(self._callbacks)
        for callback in callbacks:
            threading.Thread(target=callback, name="cancel").start()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` when the end is requested within this block; at once if it already was."""
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
