"""One running version of an endpoint."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import httpx

from local_workspace.engines.serving.access import Resources
from local_workspace.engines.serving.card import Card
from local_workspace.engines.serving.documents import Config, Entity
from local_workspace.engines.serving.entity import ExternalTarget, Reveal, external_target, without_credentials
from local_workspace.engines.serving.environments import ModelEnvironments
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.process_unit import Launch, Life, ProcessUnit
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.supervisor import Policy, State, Supervisor

_START_SECONDS = 300
_DRAIN_SECONDS = 300  # an agent may take minutes over one answer
_QUIET = {
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PYTHONUNBUFFERED": "1",
}


class Replica:
    """The server of one config of an endpoint: a process of its own, kept alive, or an external one.

    `folder` is where the files of a model's version are, `reveal` gives the secret to which a text refers. A replica
    that is `tried` has failed if its first start fails; others are started again.
    """

    def __init__(
        self,
        name: str,
        config: Config,
        processes: Processes,
        env: Mapping[str, str],
        folder: Callable[[str, int], Path],
        reveal: Reveal,
        environments: ModelEnvironments,
        tried: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._reveal, self._environments, self._cancellation = reveal, environments, Cancellation()
        self.process_name = f"endpoint-{name}-{config['config_version']}"
        self.socket = processes.home.socket(self.process_name)
        self._name, self._env, self._folder = name, env, folder
        self._processes, self._clock = processes, clock
        self._supervisor = None if "external_model" in self.entity else self._supervised(tried)
        self._idle, self._awakening = threading.Condition(), threading.Lock()
        self._in_flight, self._last_used = 0, clock()
        self.asleep = False
        """Whether its process was stopped because nobody called it; the next request starts it."""

    @property
    def entity(self) -> Entity:
        """The served entity."""
        return self.config["entity"]

    @cached_property
    def external(self) -> ExternalTarget | None:
        """The external server; None if a process serves the model. Raises ApiError 404 if its secret is gone."""
        return external_target(self.entity, self._reveal) if "external_model" in self.entity else None

    @cached_property
    def resources(self) -> Resources:
        """What its model may use."""
        if "external_model" in self.entity:
            return Resources()
        return Resources.of_model(self._files())

    @cached_property
    def card(self) -> Card:
        """How its model wants to be called."""
        if "external_model" in self.entity:
            return Card.of_task(self.entity["external_model"]["task"])
        return Card.of_model(self._files())

    @property
    def failed(self) -> bool:
        """Whether its process is not started again."""
        return self._supervisor is not None and self._supervisor.status.state is State.FAILED

    @property
    def trouble(self) -> str:
        """Why its process ended or can't start; empty while nothing is wrong."""
        return self._supervisor.status.message if self._supervisor else ""

    def start(self) -> None:
        """Begin to start it; returns at once. Nothing happens to an external server."""
        if self._supervisor:
            self._supervisor.start()

    def wait_ready(self) -> None:
        """Return once it answers. Raises RuntimeError with the end of its log if it can't."""
        if self._supervisor:
            self._supervisor.wait_ready()

    def ready(self) -> bool:
        """Whether it accepts requests: an external server always does, one that is asleep after `awaken`."""
        return self._supervisor is None or self.asleep or self._supervisor.status.state is State.RUNNING

    def rest(self, seconds: float) -> None:
        """Stop the process if it may scale to zero, answers, and nobody has called it for so many seconds."""
        with self._idle:
            unused = self._in_flight == 0 and self._clock() - self._last_used >= seconds
            if not (unused and self._supervisor and self.ready() and self.entity.get("scale_to_zero_enabled")):
                return
            self.asleep = True
        self._supervisor.stop()

    def awaken(self) -> None:
        """Return once the process answers again; at once unless it is asleep. Raises RuntimeError if it can't."""
        with self._awakening:
            if self.asleep:
                self._supervisor = self._supervised(tried=False)
                self._supervisor.start()
                try:
                    self._supervisor.wait_ready()
                except RuntimeError:
                    self._supervisor.stop()  # the next request tries again
                    raise
                self.asleep = False

    def enter(self) -> None:
        """Count a request that begins."""
        with self._idle:
            self._in_flight += 1

    def leave(self) -> None:
        """Count a request that has ended."""
        with self._idle:
            self._in_flight, self._last_used = self._in_flight - 1, self._clock()
            self._idle.notify_all()

    def drain(self) -> None:
        """Wait until the requests in progress are answered (at most five minutes), then end the process."""
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, _DRAIN_SECONDS)
        self.stop()

    def stop(self) -> None:
        """End the process at once. Safe to call twice."""
        self._cancellation.cancel("CANCELED", "The endpoint stops.")
        if self._supervisor:
            self._supervisor.stop()

    def _supervised(self, tried: bool) -> Supervisor[Life]:
        what = f"the model server of {self.entity['name']}"
        unit = ProcessUnit(self._processes, self.process_name, what, self._launch, _START_SECONDS, self._clean)
        return Supervisor(unit, Policy(first_pause=0.2, first_start_decides=tried))

    def _files(self) -> Path:
        return self._folder(self.entity["entity_name"], int(self.entity["entity_version"]))

    def _launch(self) -> Launch:
        model, version = self.entity["entity_name"], self.entity["entity_version"]
        folder = self._files()
        python = self._environments.python(folder, self._cancellation)
        argv = [str(python), "-m", "local_workspace.workers.model_server", "--name", self._name]
        argv += ["--model", f"models:/{model}/{version}", "--folder", str(folder)]
        argv += ["--uds", str(self.socket)]
        own = {name: self._reveal(value) for name, value in (self.entity.get("environment_vars") or {}).items()}
        env = {**without_credentials(self._env, own), **_QUIET, **own}
        return Launch(argv, self._answers, env)

    def _answers(self) -> bool:
        transport = httpx.HTTPTransport(uds=str(self.socket), verify=False)
        with contextlib.suppress(httpx.TransportError), httpx.Client(transport=transport, trust_env=False) as client:
            return client.get("http://127.0.0.1/ping").status_code == 200
        return False

    def _clean(self) -> None:
        self.socket.unlink(missing_ok=True)
