"""One app's process: started, watched, started again after a crash, ended."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_workspace.runtime import ports
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.processes import Child, Processes, await_ready

_START_SECONDS = 120
_LONGEST_PAUSE = 60
_STEADY_SECONDS = 60  # a process that lived this long begins with short pauses again


@dataclass(frozen=True)
class Launch:
    """What to start: the words, what is added to the environment, where, and the port that will answer."""

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    port: int


class AppProcess:
    """Keeps an app running. `plan` is asked at each start, so a port that was taken meanwhile can change."""

    def __init__(self, name: str, processes: Processes, plan: Callable[[], Launch]) -> None:
        self.name, self._processes, self._plan = name, processes, plan
        self.state, self.message = "DEPLOYING", "Starting"
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._ended, self._settled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"app-{name}", daemon=True)

    def start(self) -> None:
        """Start it; returns at once."""
        self._thread.start()

    def first_outcome(self) -> str | None:
        """Wait until the first start went well (None) or not (why)."""
        self._settled.wait()
        return None if self.state == "RUNNING" else self.message

    def stop(self) -> None:
        """End it for good. Safe to call twice."""
        self._ended.set()
        with self._lock:
            if self._child:
                self._child.terminate()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = 1
        while not self._ended.is_set():
            began = time.monotonic()
            self._live()
            self._settled.set()
            pause = 1 if time.monotonic() - began > _STEADY_SECONDS else min(pause * 2, _LONGEST_PAUSE)
            self._ended.wait(pause)

    def _live(self) -> None:
        """One life of the process, from start to end."""
        try:
            child, port = self._spawn()
            await_ready(child, lambda: ports.listens(port), f"the app {self.name}", _START_SECONDS)
        except (ApiError, RuntimeError, OSError) as error:
            self._end_child()
            self.state, self.message = "CRASHED", str(error)
            return
        self.state, self.message = "RUNNING", "App is running"
        self._settled.set()
        code = child.wait()
        self._end_child()  # what it may have left of its group
        self.state, self.message = "CRASHED", f"the app {self.name} ended with code {code}:\n{child.log_tail()}"

    def _spawn(self) -> tuple[Child, int]:
        launch = self._plan()
        with self._lock:
            if self._ended.is_set():
                raise RuntimeError(f"the app {self.name} was stopped")
            self._child = self._processes.spawn(f"app-{self.name}", launch.argv, launch.env, launch.cwd)
            return self._child, launch.port

    def _end_child(self) -> None:
        with self._lock:
            if self._child:
                self._child.terminate()
