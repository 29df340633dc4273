"""Keeps one thing running: starts it, waits until it is ready, starts it again when it ends, gives up at a limit."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

log = logging.getLogger(__name__)


class Unit[Handle](Protocol):
    """What is supervised. Each call of `start` begins a life, which the other methods get as `handle`."""

    @property
    def what(self) -> str:
        """Its name in messages, such as "the Spark server"."""

    def start(self) -> Handle:
        """Start it, without waiting until it is ready. May raise anything."""

    def wait_until_ready(self, handle: Handle) -> None:
        """Return once it is ready. Raises if it ends before, or isn't ready in time."""

    def wait_end(self, handle: Handle) -> str:
        """Wait until it has ended and return why. May raise that instead."""

    def end(self, handle: Handle) -> None:
        """End it and remove what it leaves behind. Safe to call twice, and while another thread waits for it."""


class State(StrEnum):
    """STARTING before the first start too, and after an end; RETRYING once a start has failed."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Status:
    """A state and the last error; the message is empty if there is none."""

    state: State = State.STARTING
    message: str = ""


@dataclass(frozen=True)
class Policy:
    """When to start again. A failure is a start that isn't ready, or an end within `steady` seconds of being ready.

    The pause doubles with each failure in a row from `first_pause` to `longest_pause` seconds. After `limit` failures
    in a row (None: without limit) the state is FAILED; with `first_start_decides` also if the first start fails.
    """

    first_pause: float = 1.0
    longest_pause: float = 60.0
    steady: float = 60.0
    limit: int | None = 20
    first_start_decides: bool = False

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.longest_pause, self.first_pause * 2.0 ** min(max(failures - 1, 0), 30))


class Supervisor[Handle]:
    """Runs `unit` in a thread of its own under `policy`. `monotonic` and `wait` are the clock, for tests."""

    def __init__(
        self,
        unit: Unit[Handle],
        policy: Policy,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        self._unit, self._policy, self._monotonic, self._wait = unit, policy, monotonic, wait
        self._status = Status()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._handle: Handle | None = None
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> Status:
        """The current status."""
        with self._changed:
            return self._status

    def start(self) -> None:
        """Begin, also again after `stop` or a failure for good; returns at once. Nothing happens if it has begun."""
        with self._changed:
            if self._thread and self._thread.is_alive():
                return
            self._stopping.clear()
            self._status = Status(State.STARTING)
            self._thread = threading.Thread(target=self._supervise, name=self._unit.what, daemon=True)
            self._thread.start()

    def wait_ready(self, timeout: float | None = None) -> None:
        """Return once it is ready.

        Raises RuntimeError with the reason if a start fails, it is stopped, or `timeout` seconds pass.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._status.state is not State.STARTING, timeout)
            state, message = self._status.state, self._status.message
        if state is State.STARTING:
            raise RuntimeError(f"{self._unit.what} was not ready within {timeout:.0f} s")
        if state is not State.RUNNING:
            raise RuntimeError(message or f"{self._unit.what} was stopped")

    def stop(self) -> None:
        """End it; it is not started again. Safe to call twice, and while it is being started."""
        self._stopping.set()
        with self._changed:
            handle, thread = self._handle, self._thread
        if handle is not None:
            self._unit.end(handle)
        if thread:
            thread.join()
        self._become(State.STOPPED)

    def _supervise(self) -> None:
        failures, ever_ready = 0, False
        while not self._stopping.is_set():
            lasted, reason = self._live()
            if self._stopping.is_set():
                return
            ever_ready |= lasted is not None
            failures = 0 if lasted is not None and lasted >= self._policy.steady else failures + 1
            log.warning("%s", reason)
            if self._gives_up(failures, ever_ready):
                self._become(State.FAILED, self._last_words(failures, reason))
                return
            self._become(State.RETRYING if lasted is None else State.STARTING, reason)
            self._wait(self._stopping, self._policy.pause(failures))

    def _live(self) -> tuple[float | None, str]:
        """One life: for how many seconds it was ready, None if it never was, and why it ended."""
        handle, since = None, None
        try:
            handle = self._hold(self._unit.start())
            if self._stopping.is_set():
                return None, ""
            self._unit.wait_until_ready(handle)
            since = self._monotonic()
            self._become(State.RUNNING)
            reason = self._unit.wait_end(handle)
        except Exception as error:  # the thread's boundary: after any error in one life the next may succeed
            reason = str(error) or type(error).__name__
        finally:
            self._release(handle)
        return None if since is None else self._monotonic() - since, reason

    def _hold(self, handle: Handle) -> Handle:
        with self._changed:
            self._handle = handle
        return handle

    def _release(self, handle: Handle | None) -> None:
        with self._changed:
            self._handle = None
        if handle is None:
            return
        try:
            self._unit.end(handle)
        except Exception:  # the thread's boundary: a failed clean-up must not prevent the next start
            log.exception("%s could not be cleaned up", self._unit.what)

    def _gives_up(self, failures: int, ever_ready: bool) -> bool:
        if self._policy.first_start_decides and not ever_ready:
            return True
        return self._policy.limit is not None and failures >= self._policy.limit

    def _last_words(self, failures: int, reason: str) -> str:
        if failures < 2:
            return reason
        return f"{self._unit.what} failed {failures} times in a row and is not started again. The last time: {reason}"

    def _become(self, state: State, message: str = "") -> None:
        with self._changed:
            self._status = Status(state, message)
            self._changed.notify_all()
