"""A workspace that a campaign kills: its processes, its health by the public API, its jobs."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import psutil
import psycopg
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.jobs import JobSettings, PauseStatus, Run, RunLifeCycleState, RunResultState

from fault_reading import Copy, Lakehouse, connect
from fault_tools import Clock
from local_workspace.runtime.processes import live_process
from waiting import eventually

REPO = Path(__file__).resolve().parents[2]
CATALOG = "faults"
SMALL = ["-p", f"CATALOG={CATALOG}", "-p", "START_DAY=6", "-p", "SCHEDULE_MINUTES=60"]
COPIES = [
    Copy("faultsrefundmanager", "recommender.refund_recommendations", "recommender.refund_recommendations", "order_id"),
    Copy("faultscomplaintmanager", "complaints.complaint_responses", "complaints.complaint_responses", "complaint_id"),
]
REPLAY, REFUNDS, COMPLAINTS, ANSWERS, SCORING = JOBS = (
    "Canonical Data Replay (Simple)",
    "Refund Recommender Stream",
    "Complaint Generator Stream",
    "Complaint Agent Stream",
    "Agent Scoring",
)
LONG_RUNNING = ("spark", "mlflow", "postgres-", "endpoint-", "app-")
DOWN = (DatabricksError, OSError, ValueError, psycopg.Error, psutil.Error)
"""What is raised while something is down. The SDK reports a lost connection as ConnectionError or TimeoutError."""
_CONNECTION = re.compile(r"postgres: \S+ \S+ [\d.]+\(\d+\)")
_OF_SYNC = re.compile(r"postgres: postgres \S+ [\d.]+\(\d+\)")  # the service's own role


@dataclass(frozen=True)
class Workspace:
    """The workspace at `home`."""

    home: Path

    @classmethod
    def in_new_folder(cls, prefix: str) -> Self:
        """A workspace yet to be made, in a new folder that also holds its clock."""
        return cls(Path(tempfile.mkdtemp(prefix=prefix), "home").resolve())

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, for commands that use the workspace and no other."""
        hidden = ("DATABRICKS_", "MLFLOW_", "SPARK_", "CASPERS_", "LOCAL_WORKSPACE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        return {**kept, "CASPERS_HOME": str(self.home)}

    @property
    def clock(self) -> Clock:
        """The clock of its processes, beside the home."""
        return Clock(self.home.with_name(f"{self.home.name}.clock"))

    @property
    def parameters(self) -> list[str]:
        """The arguments that make its target small."""
        return SMALL

    def make(self) -> None:
        """Bring the target `all` up, small, and start it again on the campaign's clock. Raises CalledProcessError."""
        command = [sys.executable, "runbook.py", "--target", "all", *self.parameters]
        subprocess.run(command, cwd=REPO, env=self.environment, check=True)
        self.command("down")
        self.command("up")

    def remove(self) -> None:
        """Destroy a workspace that is in a folder of its own, and remove the folder. Raises CalledProcessError."""
        self.command("destroy")
        for note in self.home.parent.glob(f"{self.home.name}.*"):  # the clock's
            note.unlink()
        self.home.parent.rmdir()

    def command(self, name: str) -> None:
        """Run a command of the local workspace: up, down or destroy. Raises CalledProcessError.

        What `up` starts follows the campaign's clock.
        """
        command = [sys.executable, "-m", "local_workspace", name, "--home", str(self.home)]
        environment = {**self.environment, **self.clock.environment}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    @property
    def connection(self) -> dict:
        """How clients reach it, and the service's `pid`."""
        return json.loads((self.home / "connection.json").read_text())

    @cached_property
    def w(self) -> WorkspaceClient:
        """A client that gives up soon; address and token are the same after each start."""
        found = self.connection
        return WorkspaceClient(
            config=Config(
                host=found["DATABRICKS_HOST"],
                token=found["DATABRICKS_TOKEN"],
                auth_type="pat",
                http_timeout_seconds=60,
                retry_timeout_seconds=5,
            )
        )

    @property
    def lake(self) -> Lakehouse:
        """Its tables."""
        return Lakehouse(self.w, CATALOG)

    # Processes.

    def processes(self, victim: str) -> list[psutil.Process]:
        """The processes that run of a kind of `fault_plan.VICTIMS`, the oldest first."""
        found = {process.pid: process for process in self._of(victim) if process.is_running()}
        return sorted(found.values(), key=lambda process: (process.create_time(), process.pid))

    def _of(self, victim: str) -> Iterator[psutil.Process]:
        match victim:
            case "service":
                yield psutil.Process(self.connection["pid"])
            case "spark" | "mlflow":
                yield from self._marked(victim)
            case "postgres" | "endpoint" | "app":
                yield from self._marked(f"{victim}-*")
            case "backend" | "sync":
                title = _OF_SYNC if victim == "sync" else _CONNECTION
                for postmaster in self._marked("postgres-*"):
                    yield from (child for child in postmaster.children() if title.match(_title(child)))
            case "task":
                yield from self._marked("run-*")
            case "kernel":
                for task in self._marked("run-*"):
                    yield from (child for child in task.children(recursive=True) if "kernel" in _title(child))
            case "pipeline":
                yield from self._updates()

    def _marked(self, pattern: str) -> Iterator[psutil.Process]:
        """The processes whose pid files in `run/` match."""
        for mark in (self.home / "run").glob(f"{pattern}.pid"):
            try:
                noted = json.loads(mark.read_text())
                if process := live_process(noted["pid"], noted["started"]):
                    yield process
            except (FileNotFoundError, psutil.NoSuchProcess):
                continue  # it has ended

    def _updates(self) -> Iterator[psutil.Process]:
        """The process of the update that runs."""
        family = psutil.Process(self.connection["pid"]).children(recursive=True)
        yield from (process for process in family if "pipeline_update" in _title(process))

    # Health.

    def ailments(self) -> list[str]:
        """What does not work now, as clients see it."""
        found = [*self._engines(), *self._services()]
        found += [f"pipeline: its update {state}" for state in self._updated() if state in ("FAILED", "CANCELED")]
        for copy in COPIES:
            table = self.w.postgres.get_synced_table(f"synced_tables/{copy.project}.{copy.table}")
            if "ONLINE" not in table.status.detailed_state.value:
                found.append(f"sync {copy.table}: {table.status.detailed_state.value}")
            with connect(self.w, copy.project) as connection:
                connection.execute(f"SELECT count(*) FROM {copy.table}".encode())
        return found

    def _engines(self) -> Iterator[str]:
        engines = self.w.api_client.do("GET", "/api/local/engines")["engines"]
        for engine in engines:
            if engine["name"].startswith(LONG_RUNNING) and engine["state"] != "RUNNING":
                yield f"{engine['name']}: {engine['state']} {engine['message']}"
        missing = [name for name in LONG_RUNNING if not any(engine["name"].startswith(name) for engine in engines)]
        yield from (f"{name}: not started" for name in missing)

    def _services(self) -> Iterator[str]:
        for endpoint in self.w.serving_endpoints.list():
            if endpoint.state.ready.value != "READY":
                yield f"endpoint {endpoint.name}: {endpoint.state.ready.value}"
        for app in self.w.apps.list():
            if app.app_status.state.value != "RUNNING":
                yield f"app {app.name}: {app.app_status.state.value} {app.app_status.message}"
        warehouse = next(iter(self.w.warehouses.list()))
        answer = self.w.statement_execution.execute_statement("SELECT 1", warehouse.id, wait_timeout="30s")
        if answer.status.state.value != "SUCCEEDED":
            yield f"SQL: {answer.status.state.value}"
        next(iter(self.w.experiments.search_experiments(max_results=1)), None)

    def _updated(self) -> list[str]:
        """The state of each pipeline's newest update."""
        newest = [(each.latest_updates or [])[:1] for each in self.w.pipelines.list_pipelines()]
        return [update.state.value for updates in newest for update in updates]

    # Jobs.

    @cached_property
    def jobs(self) -> dict[str, int]:
        """The ids of JOBS, by their names."""
        ids = {job.settings.name: job.job_id for job in self.w.jobs.list()}
        return {name: ids[f"{name} ({CATALOG})"] for name in JOBS}

    def keep_busy(self) -> None:
        """Run each job that does not run."""
        for job in self.jobs.values():
            if not any(True for _ in self.w.jobs.list_runs(job_id=job, active_only=True)):
                self.w.jobs.run_now(job)

    def pause(self) -> None:
        """Pause all schedules, and wait until no job runs."""
        for job in self.jobs.values():
            schedule = self.w.jobs.get(job).settings.schedule
            self.w.jobs.update(
                job, new_settings=JobSettings(schedule=replace(schedule, pause_status=PauseStatus.PAUSED))
            )
        eventually(lambda: [run.run_name for run in self.w.jobs.list_runs(active_only=True)], [], seconds=1800)

    def run(self, *names: str) -> None:
        """Run jobs side by side to their ends. Raises AssertionError for one that fails."""
        runs = {name: self.w.jobs.run_now(self.jobs[name]).run_id for name in names}
        for name, run_id in runs.items():
            run = eventually(partial(self.w.jobs.get_run, run_id), _has_ended, seconds=1800)
            assert run.state.result_state == RunResultState.SUCCESS, f"{name} failed: {run.state.state_message}"

    def settle(self) -> None:
        """Let everything that is due be done, and nothing more. Raises AssertionError if that fails."""
        self.pause()
        self.run(REPLAY)
        eventually(self.behind, [], seconds=900, ignoring=DOWN)
        self.run(REFUNDS, COMPLAINTS)
        self.run(ANSWERS, SCORING)
        eventually(self.behind, [], seconds=600, ignoring=DOWN)

    def behind(self) -> list[str]:
        """Event files that are not in bronze, an update that has not ended, tables that Postgres is behind of."""
        lake = self.lake
        read = {str(name).rpartition("/")[2] for (name,) in lake.rows("lakeflow.all_events", "source_file")}
        found = sorted({path.name for path in lake.volume("events").glob("[!_.]*.json")} - read)
        found += [f"update {state}" for state in self._updated() if state != "COMPLETED"]
        for copy in COPIES:
            status = self.w.postgres.get_synced_table(f"synced_tables/{copy.project}.{copy.table}").status
            if status.last_processed_commit_version != lake.version(copy.source):
                found.append(f"{copy.table} at version {status.last_processed_commit_version}: {status.message}")
        return found


def wait(seconds: float) -> None:
    """Return after so many seconds: a fault's moment is chosen, not a condition."""
    due = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= due, seconds=seconds + 60)


def go_on(process: psutil.Process, seconds: float) -> None:
    """Let a process that was stopped go on after so many seconds, unless it was ended meanwhile."""
    try:
        wait(seconds)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def _has_ended(run: Run) -> bool:
    return run.state.life_cycle_state in (
        RunLifeCycleState.TERMINATED,
        RunLifeCycleState.INTERNAL_ERROR,
        RunLifeCycleState.SKIPPED,
    )


def _title(process: psutil.Process) -> str:
    """The command line, however its parts are kept; empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
