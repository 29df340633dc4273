"""One running version of an endpoint."""

import contextlib
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx

from local_workspace.engines.serving.entity import ExternalTarget, external_target
from local_workspace.runtime.processes import Child, Processes, await_ready

_START_SECONDS = 300
_DRAIN_SECONDS = 300  # an agent may take minutes over one answer
_QUIET = {
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PYTHONUNBUFFERED": "1",
}


class Replica:
    """What answers for one config of an endpoint: a process of our own, or a server elsewhere."""

    def __init__(self, name: str, config: dict) -> None:
        self.config = config
        self.external: ExternalTarget | None = None
        self.process_name = f"endpoint-{name}-{config['config_version']}"
        # Relative to the home, which is everyone's working directory: a socket's path must be short.
        self.socket = f"run/{self.process_name}.sock"
        self._child: Child | None = None
        self._idle = threading.Condition()
        self._in_flight = 0

    @property
    def entity(self) -> dict:
        """The served entity."""
        return self.config["entity"]

    def launch(self, name: str, processes: Processes, env: dict[str, str], on_end: Callable[[], None]) -> None:
        """Start the process, if this replica is one. `on_end` is called when it ends, for whatever reason."""
        if "external_model" in self.entity:
            self.external = external_target(self.entity)
            return
        uri = f"models:/{self.entity['entity_name']}/{self.entity['entity_version']}"
        self._child = processes.spawn(
            self.process_name,
            [
                sys.executable,
                "-m",
                "local_workspace.workers.model_server",
                "--name",
                name,
                "--model",
                uri,
                "--uds",
                self.socket,
            ],
            {**env, **_QUIET, **(self.entity.get("environment_vars") or {})},
        )

        def watch(child: Child) -> None:
            child.wait()
            on_end()

        threading.Thread(target=watch, args=[self._child], name=self.process_name, daemon=True).start()

    def await_ready(self) -> None:
        """Return once it answers. Raises RuntimeError with the end of its log if it can't."""
        if self._child is None:
            return
        with httpx.Client(transport=httpx.HTTPTransport(uds=self.socket, verify=False)) as client:

            def answers() -> bool:
                with contextlib.suppress(httpx.TransportError):
                    return client.get("http://127.0.0.1/ping").status_code == 200
                return False

            await_ready(self._child, answers, f"the model server of {self.entity['name']}", _START_SECONDS)

    def alive(self) -> bool:
        """Whether it can be asked. An external server always can: it answers for itself."""
        return self.external is not None or (self._child is not None and self._child.alive())

    def enter(self) -> None:
        """Count a request in."""
        with self._idle:
            self._in_flight += 1

    def leave(self) -> None:
        """Count a request out."""
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()

    def drain(self) -> None:
        """Wait until the requests under way are answered (at most five minutes), then end the process."""
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, _DRAIN_SECONDS)
        self.end()

    def end(self) -> None:
        """End the process at once. Safe to call twice."""
        if self._child:
            self._child.terminate()
            Path(self.socket).unlink(missing_ok=True)
            shutil.rmtree(Path(self.socket).with_suffix(".model"), ignore_errors=True)
