"""The processes of the apps, one per app."""

import threading
from collections.abc import Callable

from local_workspace.engines.apps.documents import StoredDeployment
from local_workspace.engines.apps.process import AppProcess
from local_workspace.engines.apps.target import Target
from local_workspace.runtime.errors import unavailable
from local_workspace.runtime.process_unit import Launch
from local_workspace.runtime.processes import Processes


class RunningApps:
    """Starts and ends the processes of deployments. `plan` returns what to start, and is called at each start."""

    def __init__(self, processes: Processes, plan: Callable[[StoredDeployment, Target], Launch]) -> None:
        self._processes, self._plan = processes, plan
        self._running: dict[str, AppProcess] = {}
        self._lock = threading.Lock()
        self._closed = False

    def open(self) -> None:
        """Allow processes to start."""
        self._closed = False

    def close(self) -> None:
        """End all processes and let none start until `open`."""
        with self._lock:
            self._closed = True
        for name in list(self._running):
            self.halt(name)

    def get(self, app: str) -> AppProcess | None:
        """The process of an app, None if it has none."""
        return self._running.get(app)

    def launch(self, deployment: StoredDeployment) -> AppProcess:
        """Begin to start a deployment. Raises ApiError 503 after `close`."""
        process = AppProcess(deployment["app"], self._processes, lambda target: self._plan(deployment, target))
        with self._lock:
            if self._closed:
                raise unavailable("The workspace is stopping.")
            self._running[deployment["app"]] = process
        process.start()
        return process

    def halt(self, app: str) -> None:
        """End the process of an app, if it has one."""
        with self._lock:
            process = self._running.pop(app, None)
        if process:
            process.stop()
