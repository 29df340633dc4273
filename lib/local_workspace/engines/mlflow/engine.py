"""MLflow's own server on SQLite: experiments, runs, traces and their files."""

import re
import sys
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import Any

import httpx

from local_workspace.engines.files import check_length
from local_workspace.engines.mlflow.artifacts import ArtifactFiles
from local_workspace.runtime.errors import invalid, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.process_unit import Launch, ProcessUnit
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.signed_links import SignedLinks
from local_workspace.runtime.supervisor import Policy, State, Supervisor

_START_SECONDS = 300
TRACES_AT_ONCE = 500  # MLflow finds no more at once; each deletion looks through all files of its experiment
_ID = re.compile("0|[1-9][0-9]{0,18}")
_STATES = {State.RUNNING: "running", State.STARTING: "starting", State.STOPPED: "stopped"}

# `mlflow server` is a second process that only hands these to uvicorn and then waits. Handing them over
# directly halves the start and the memory; the names are those of `mlflow.server.constants`.
_SERVER_ENV = {
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class MlflowEngine:
    """Keeps one MLflow server alive behind the unix socket `socket`; no port of the machine is taken."""

    def __init__(self, home: Home, processes: Processes) -> None:
        self._home = home
        self.socket = home.socket("mlflow")
        self.trace_links = SignedLinks("/trace-files")
        uploads = PartialFiles(home.root / "artifacts.partial")
        self.files = ArtifactFiles(self._artifacts, self.check_experiment, uploads)
        unit = ProcessUnit(processes, "mlflow", "the MLflow server", self._launch, _START_SECONDS)
        self._supervisor = Supervisor(unit, Policy())
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket), verify=False), base_url="http://127.0.0.1", timeout=60
        )

    def start(self) -> None:
        """Start the server and keep it running; returns at once, `wait_ready` waits."""
        self._artifacts.mkdir(parents=True, exist_ok=True)
        self._supervisor.start()

    def state(self) -> str:
        """One of stopped, starting, running, failed."""
        return _STATES.get(self._supervisor.status.state, "failed")

    def wait_ready(self, timeout: float = _START_SECONDS) -> None:
        """Return once the server answers. Raises RuntimeError with the reason if it can't start in `timeout` s."""
        self._supervisor.wait_ready(timeout)

    def check_experiment(self, experiment_id: str) -> None:
        """Raise ApiError 404 if there is no such experiment, 503 if the server does not answer.

        `01` is none: MLflow takes it for 1, and permissions are kept by the id.
        """
        if not _ID.fullmatch(experiment_id):
            raise not_found(f"No Experiment with id={experiment_id} exists")
        try:
            answer = self._client.get("/api/2.0/mlflow/experiments/get", params={"experiment_id": experiment_id})
        except httpx.TransportError as error:
            raise unavailable(f"The MLflow server does not answer: {error}.") from error
        if answer.status_code != 200:
            raise not_found(f"No Experiment with id={experiment_id} exists")

    def check_upload(self, path: str) -> None:
        """Raise ApiError 400 if no file can be at a path of artifacts.

        MLflow's server would fail, and its client repeat the upload for minutes.
        """
        check_length(path)
        place = self._artifacts / path
        above = next((each for each in place.parents if each.is_file()), None)
        if above or place.is_dir():
            reason = f"{above.name!r} above it is a file" if above else "a folder is there"
            raise invalid(f"No file can be written at '{path[-80:]}': {reason}.")

    def delete_traces(self, before: int) -> int:
        """Delete the traces that began before this time (ms since 1970) and belong to no run; returns how many.

        Raises ApiError 503 if the server does not answer or refuses.
        """
        found = 0
        for experiment in self._all("/api/2.0/mlflow/experiments/search", "experiments", {"max_results": 1000}):
            experiment_id = experiment["experiment_id"]
            for traces in batched(list(self._traces_without_run(experiment_id, before)), TRACES_AT_ONCE):
                deleted = {"experiment_id": experiment_id, "request_ids": traces}
                self._ask("/api/3.0/mlflow/traces/delete-traces", deleted)
                found += len(traces)
        return found

    def _traces_without_run(self, experiment_id: str, before: int) -> Iterator[str]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
        search = {"locations": [place], "filter": f"timestamp_ms < {before}", "max_results": TRACES_AT_ONCE}
        for trace in self._all("/api/3.0/mlflow/traces/search", "traces", search):
            if "mlflow.sourceRun" not in trace.get("trace_metadata", {}):
                yield trace["trace_id"]

    def _all(self, path: str, key: str, search: dict[str, object]) -> Iterator[dict[str, Any]]:
        """What a search finds, from all its pages."""
        token = ""
        while True:
            page = self._ask(path, {**search, "page_token": token} if token else search)
            yield from page.get(key, [])
            if not (token := page.get("next_page_token", "")):
                return

    def _ask(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._client.post(path, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            raise unavailable(f"The MLflow server does not answer: {error}.") from error
        return answer

    def stop(self) -> None:
        """End the server. Safe to call twice."""
        self._supervisor.stop()

    def _launch(self) -> Launch:
        argv = ["--uds", str(self.socket), "--workers", "1", "--timeout-keep-alive", "75", "--no-access-log"]
        return Launch(
            [sys.executable, "-m", "uvicorn", *argv, "local_workspace.workers.mlflow_server:app"],
            self._answers,
            self._env(),
        )

    @property
    def _artifacts(self) -> Path:
        return self._home.mlflow / "artifacts"

    def _env(self) -> dict[str, str]:
        # SQLAlchemy decodes the path and MLflow does not: only what would end or change it may be encoded.
        database = str(self._home.mlflow / "mlflow.db").replace("%", "%25").replace("?", "%3F")
        return {
            **_SERVER_ENV,
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{database}",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": self._artifacts.as_uri(),
        }

    def _answers(self) -> bool:
        # The first request creates the database: sent here, before any other, it meets no concurrent one.
        try:
            answer = self._client.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1})
        except httpx.TransportError:
            return False
        return answer.status_code == 200
