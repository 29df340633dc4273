"""A workspace of two services for tests: workspace files and jobs, behind a real server."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import nbformat
import uvicorn
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import NotebookTask, Run, Task
from databricks.sdk.service.workspace import ImportFormat
from fastapi import FastAPI

from disks import Disk
from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.sources import Sources
from local_workspace.engines.jobs.sql_tasks import SqlServices
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.http.server import create_app
from local_workspace.pages import site
from local_workspace.routes import identity, jobs, permissions, scim, sign_in, workspace
from local_workspace.runtime import prepared_python
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.prepared_python import PreparedPython
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from people import identity_of
from waiting import eventually

TOKEN = "job-test-token"
USER = "you@localhost"


@cache
def prepared() -> PreparedPython:
    """The prepared Python of all these workspaces; it ends with this process."""
    return prepared_python.of_workspace()


class Updates:
    """The pipelines engine's calls: a pipeline is named after the state in which its updates end.

    The updates of the pipeline HELD end once `released` is set; `awaited` is set as soon as a task waits for one.
    """

    def __init__(self) -> None:
        self.awaited, self.released = threading.Event(), threading.Event()

    def run_update(self, pipeline_id: str, **_: bool) -> str:
        return f"update-of-{pipeline_id}"

    def cancel_update(self, pipeline_id: str, _update_id: str) -> None:
        """No update takes long enough to be cancelled."""

    def wait_update(self, pipeline_id: str, _update_id: str) -> str:
        if pipeline_id != "HELD":
            return pipeline_id
        self.awaited.set()
        self.released.wait()
        return "COMPLETED"


def _no_warehouse(*_: object) -> NoReturn:
    raise not_found("SQL warehouse does not exist")


class JobWorkspace:
    """Engines over one home, and `w`, an SDK client of theirs."""

    def __init__(self, root: Path, sql: SqlServices | None = None) -> None:
        self.home: Home = open_home(root)
        processes = Processes(self.home, prepared())
        processes.reap()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.updates, self.disk = Updates(), Disk()
        self.files, self.store = WorkspaceFiles(self.home, lambda: [USER]), Store(self.home.database)
        self.jobs = JobsEngine(
            self.home,
            self.store,
            processes,
            self.files,
            self.updates,
            lambda: {"DATABRICKS_HOST": self.host, "DATABRICKS_TOKEN": TOKEN},
            Sources(self._in_volumes, self._in_tables),
            sql or SqlServices(_no_warehouse, _no_warehouse, _no_warehouse, str),
            self.disk.space,
        )

        self.identity = identity_of(self.store, USER, "app", "app-desk")
        found = {"jobs": lambda job_id: self.jobs.check(int(job_id))}
        self.permissions = PermissionsEngine(self.store, USER, found, self.identity.is_known)

    def _in_volumes(self, url: str) -> Path:
        """The folder of a volume's path: they lie side by side under their names."""
        schema, volume, *rest = url.split("/")[3:]
        root = self.home.volumes / schema / volume
        if not root.is_dir():
            raise not_found(f"Volume '{schema}.{volume}' does not exist")
        return root.joinpath(*rest)

    def _in_tables(self, full_name: str) -> Path:
        """The folder of a table, made by the test."""
        return self.home.tables / full_name

    @cached_property
    def w(self) -> WorkspaceClient:
        """The client; it calls its host when it is made, so the server has to be there."""
        return WorkspaceClient(host=self.host, token=TOKEN)

    def app(self) -> FastAPI:
        engines = SimpleNamespace(
            identity=self.identity,
            workspace_files=self.files,
            jobs=self.jobs,
            permissions=self.permissions,
            user=USER,
        )
        routers = [module.router for module in (identity, jobs, permissions, scim, sign_in, workspace)]
        app = create_app(engines, TOKEN, routers)
        site.install(app)
        return app

    def upload(self, path: str, *cells: str, parameters: str = "") -> str:
        """Import a notebook of these code cells, the first with parameters; returns its path."""
        tagged = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
        notebook = nbformat.v4.new_notebook(cells=tagged + [nbformat.v4.new_code_cell(cell) for cell in cells])
        self.w.workspace.mkdirs(path.rpartition("/")[0])
        self.w.workspace.upload(path, nbformat.writes(notebook).encode(), format=ImportFormat.AUTO, overwrite=True)
        return path

    def job(self, path: str, **settings: object) -> int:
        """A job of one task `only` that runs the notebook at `path`; returns its id."""
        parameters = settings.pop("base_parameters", None)
        task = Task("only", notebook_task=NotebookTask(path, base_parameters=parameters))
        return self.w.jobs.create(**{"name": "test", "tasks": [task], **settings}).job_id

    def end_of(self, run_id: int) -> Run:
        """The run when it has ended."""
        return eventually(lambda: self.w.jobs.get_run(run_id), lambda run: run.end_time is not None)

    def state_of(self, run_id: int) -> str:
        """The run's life cycle state now."""
        return self.w.jobs.get_run(run_id).state.life_cycle_state.value


@contextmanager
def serving(root: Path, sql: SqlServices | None = None) -> Iterator[JobWorkspace]:
    """A job workspace over `root` with its server, both ended afterwards; without `sql` it has no warehouse."""
    space = JobWorkspace(root, sql)
    config = uvicorn.Config(space.app(), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([space.listener],))
    space.jobs.start()
    thread.start()
    try:
        yield space
    finally:
        space.jobs.stop()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":  # a workspace that a test can kill: prints its address and waits for the end of stdin
    with serving(Path(sys.argv[1])) as running:
        print(running.host, flush=True)
        sys.stdin.read()
