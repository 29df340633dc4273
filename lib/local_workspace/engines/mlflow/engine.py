"""MLflow's own server on SQLite: experiments, traces, registered models and their files."""

import sys
import threading
from collections.abc import Callable

import httpx

from local_workspace.runtime.errors import invalid, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.processes import Child, Processes, await_ready

# Relative to the home, which is the working directory of the daemon and its children: a socket's path must be short.
SOCKET = "run/mlflow.sock"
_LONGEST_PAUSE = 60  # seconds between two attempts to bring a dying server back

# `mlflow server` is a second process that only hands these to uvicorn and then waits. Handing them over
# directly halves the start and the memory; the names are those of `mlflow.server.constants`.
_SERVER_ENV = {
    "_MLFLOW_SERVER_FILE_STORE": "sqlite:///mlflow/mlflow.db",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "./mlflow/artifacts",
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class MlflowEngine:
    """Keeps one MLflow server alive behind a unix socket; no port of the machine is taken."""

    def __init__(self, home: Home, processes: Processes) -> None:
        self._home, self._processes = home, processes
        self._child: Child | None = None
        self._state, self._failure = "stopped", ""
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=SOCKET, verify=False), base_url="http://127.0.0.1", timeout=60
        )

    def start(self) -> None:
        """Start the server and keep it running; returns at once, `wait_ready` waits."""
        (self._home.mlflow / "artifacts").mkdir(parents=True, exist_ok=True)
        self._stopping.clear()
        self._become("starting")
        self._thread = threading.Thread(target=self._keep_running, name="mlflow", daemon=True)
        self._thread.start()

    def state(self) -> str:
        """One of stopped, starting, running, failed."""
        return self._state

    def wait_ready(self, timeout: float = 300) -> None:
        """Return once the server answers. Raises RuntimeError with the reason if it can't start in `timeout` s."""
        with self._changed:
            self._changed.wait_for(lambda: self._state in ("running", "failed"), timeout)
            if self._state != "running":
                raise RuntimeError(self._failure or f"MLflow was not ready within {timeout:.0f} s")

    def model_version(self, name: str, version: str) -> str:
        """The number of the registered model's version; `version` is a number or an alias.

        Raises ApiError: 404 that names the model if there is no such version, 503 while MLflow can't answer.
        """
        try:
            self.wait_ready()
        except RuntimeError as error:
            raise unavailable(str(error)) from error
        path, key = ("model-versions/get", "version") if version.isdigit() else ("registered-models/alias", "alias")
        answer = self._client.get(f"/api/2.0/mlflow/{path}", params={"name": name, key: version})
        if answer.status_code == 200:
            return answer.json()["model_version"]["version"]
        wanted = f"model {name!r} with {key} {version!r}"
        if answer.status_code == 404:
            raise not_found(f"There is no registered {wanted}. Register it with MLflow first.")
        raise invalid(f"MLflow could not look up {wanted}: {answer.text}")

    def stop(self) -> None:
        """End the server. Safe to call twice."""
        self._stopping.set()
        with self._changed:
            child = self._child
        if child:
            child.terminate()
        if self._thread:
            self._thread.join()
        self._become("stopped")

    def _become(self, state: str, failure: str = "") -> None:
        with self._changed:
            self._state, self._failure = state, failure
            self._changed.notify_all()

    def _keep_running(self) -> None:
        pause = 1
        while not self._stopping.is_set():
            try:
                self._run_once()
                self._become("starting")
                pause = 1
            except RuntimeError as error:
                self._become("failed", str(error))
            self._stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _run_once(self) -> None:
        """Start the server and return when it has ended. Raises RuntimeError if it doesn't get ready."""
        with self._changed:
            if self._stopping.is_set():
                return
            self._child = self._processes.spawn("mlflow", self._command(), _SERVER_ENV)
        await_ready(self._child, self._probe(), "the MLflow server", timeout=300)
        self._become("running")
        self._child.wait()

    def _probe(self) -> Callable[[], bool]:
        # The first request makes the database, so it is asked once for all before anyone else may ask.
        def answers() -> bool:
            try:
                return (
                    self._client.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1}).status_code == 200
                )
            except httpx.TransportError:
                return False

        return answers

    @staticmethod
    def _command() -> list[str]:
        return [
            sys.executable,
            "-m",
            "uvicorn",
            "--uds",
            SOCKET,
            "--workers",
            "1",
            "--timeout-keep-alive",
            "75",
            "--no-access-log",
            "mlflow.server.fastapi_app:app",
        ]
