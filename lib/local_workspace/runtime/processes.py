"""Child processes of the workspace: each starts in a group of its own, is recorded on disk and ends with its group."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from local_workspace.runtime import environment
from local_workspace.runtime.home import Home, read_json, write_atomically
from local_workspace.runtime.prepared_python import ForkedProcess, PreparedPython

GRACE_SECONDS = 10
_MOST_ENDED = 100
_TOLERANCE = 0.5  # seconds


class Child:
    """A running child: its process, log and pid file."""

    def __init__(self, name: str, process: subprocess.Popen[bytes] | ForkedProcess, log: Path, mark: Path) -> None:
        self.name, self.process, self.log, self._mark = name, process, log, mark
        self._ended = False

    @property
    def pid(self) -> int:
        """The process id, also the id of its group."""
        return self.process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises subprocess.TimeoutExpired."""
        return self.process.wait(timeout)

    def terminate(self, grace: float = GRACE_SECONDS) -> None:
        """End the whole group: SIGTERM, then SIGKILL after `grace` seconds. Safe to call twice."""
        if self._ended:
            return
        if self.alive():
            _signal_group(self.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        # A group outlives its leader, and keeps its id from new processes: another process that has it means that the
        # group has ended.
        if self.alive() or not psutil.pid_exists(self.pid):
            _signal_group(self.pid, signal.SIGKILL)
        self.process.wait()
        self._ended = True
        self._mark.unlink(missing_ok=True)

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass(frozen=True)
class Spawned:
    """The last child of a name: when it was created, in seconds since 1970, and how many of that name there were."""

    child: Child
    created: float
    starts: int


class Processes:
    """Starts children and ends those that a killed daemon left behind. Safe for threads.

    `python` starts the programs that it runs.
    """

    def __init__(self, home: Home, python: PreparedPython | None = None) -> None:
        self.home, self._python = home, python
        self._spawned: dict[str, Spawned] = {}
        self._lock = threading.Lock()

    def spawned(self) -> list[Spawned]:
        """The last child of each name, those that have ended too as long as there are few."""
        with self._lock:
            return list(self._spawned.values())

    def spawn(
        self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Child:
        """Start `argv` as `name`, its output going to `logs/<name>.log`.

        `env` is added to what every child gets (`environment.of_child`); `cwd` is the home unless given.
        """
        log, mark = self.home.logs / f"{name}.log", self._mark(name)
        with log.open("ab") as output:
            process = self._start(argv, env, cwd or self.home.root, output)
        created, since = _times(process.pid)
        child = Child(name, process, log, mark)
        try:
            write_atomically(mark, json.dumps({"pid": process.pid, "started": since}))
        except OSError:  # nobody could end it after a `kill -9`
            child.terminate(grace=0)
            raise
        self._note(child, created)
        return child

    def _start(
        self, argv: Sequence[str], env: Mapping[str, str] | None, cwd: Path, output: BinaryIO
    ) -> subprocess.Popen[bytes] | ForkedProcess:
        descriptor = output.fileno()
        if self._python and (forked := self._python.fork(argv, environment.of_child(env), cwd, descriptor, descriptor)):
            return forked
        return subprocess.Popen(
            list(argv),
            env=environment.of_child(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def reap(self) -> list[str]:
        """End processes whose daemon is gone; returns their names. Call once, before any spawn."""
        ended = []
        for mark in sorted(self.home.run.glob("*.pid")):
            doc = read_json(mark)
            if doc and "started" in doc and same_process(doc["pid"], doc["started"]):
                _end_orphan(doc["pid"])
                ended.append(mark.stem)
            mark.unlink(missing_ok=True)
        return ended

    def _note(self, child: Child, created: float) -> None:
        with self._lock:
            before = self._spawned.get(child.name)
            self._spawned[child.name] = Spawned(child, created, before.starts + 1 if before else 1)
            ended = [name for name, each in self._spawned.items() if not each.child.alive()]
            for name in ended[:-_MOST_ENDED]:
                del self._spawned[name]

    def _mark(self, name: str) -> Path:
        return self.home.run / f"{name}.pid"


def started(process: psutil.Process) -> float:
    """When a process was started, in seconds of a clock that nobody sets: on Linux since the start of the system.

    The time since 1970 that Linux gives changes whenever its clock is set.
    """
    return process.create_time() - (psutil.boot_time() if sys.platform == "linux" else 0.0)


def _times(pid: int) -> tuple[float, float]:
    """When a process was created, in seconds since 1970, and `started`."""
    try:
        process = psutil.Process(pid)
        return process.create_time(), started(process)
    except psutil.NoSuchProcess:
        return time.time(), 0.0  # a fork that has ended is gone: its parent is not this process


def same_process(pid: int, since: float) -> psutil.Process | None:
    """The process of that id, a zombie too, if it was `started` at that time; None otherwise.

    The system reuses the ids of ended processes.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process if abs(started(process) - since) < _TOLERANCE else None
    return None


def live_process(pid: int, since: float) -> psutil.Process | None:
    """`same_process`, unless it has ended and is only a zombie."""
    process = same_process(pid, since)
    return process if process and _runs(process) else None


def ends(process: psutil.Process, seconds: float) -> bool:
    """Whether a process ends within so many seconds. A zombie has ended, even if its parent never asks for it."""
    from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

    waiting = Retrying(
        retry=retry_if_result(bool),
        wait=wait_fixed(0.05),
        stop=stop_after_delay(seconds),
        retry_error_callback=lambda _: True,
    )
    return not waiting(_runs, process)


def process_with_argument(pid: int, argument: str) -> psutil.Process | None:
    """The process of that id if it runs and has `argument` in its command line; None otherwise.

    For a process whose creation time is not recorded.
    """
    with contextlib.suppress(psutil.Error):  # AccessDenied: another user's
        process = psutil.Process(pid)
        return process if argument in process.cmdline() and _runs(process) else None
    return None


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def await_ready(child: Child, probe: Callable[[], bool], what: str, timeout: float = 120) -> None:
    """Return once `probe()` holds.

    Raises RuntimeError with the log's end if the child dies or `timeout` seconds pass.
    """
    # Imported here: it takes 0.1 s, which a command that only finds the workspace need not spend.
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

    def state() -> str:
        if not child.alive():
            raise RuntimeError(f"{what} ended with code {child.process.returncode} while starting:\n{child.log_tail()}")
        return "ready" if probe() else "starting"

    try:
        Retrying(
            stop=stop_after_delay(timeout), wait=wait_fixed(0.1), retry=retry_if_result(lambda now: now == "starting")
        )(state)
    except RetryError:
        raise RuntimeError(f"{what} was not ready within {timeout:.0f} s:\n{child.log_tail()}") from None


def _end_orphan(pid: int) -> None:
    _signal_group(pid, signal.SIGTERM)
    with contextlib.suppress(psutil.NoSuchProcess):
        if not ends(psutil.Process(pid), GRACE_SECONDS):
            _signal_group(pid, signal.SIGKILL)


def _signal_group(group: int, number: int) -> None:
    # macOS refuses with PermissionError where all that is left of the group has ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
