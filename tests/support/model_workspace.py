"""For tests: a workspace of MLflow and model serving alone, on a free port.

`python model_workspace.py HOME FD MODELS` is one of serving alone, a process that can be killed.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn

from job_workspace import prepared
from local_workspace.engines.mlflow import MlflowEngine
from local_workspace.engines.models import ModelFiles, ModelsEngine
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.http.server import create_app
from local_workspace.routes import (
    files,
    identity,
    mlflow,
    mlflow_files,
    mlflow_registry,
    models,
    permissions,
    principal_secrets,
    scim,
    secrets,
    serving,
)
from local_workspace.runtime import sockets
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN = "a-token-for-tests"
USER = "you@localhost"
SCHEMA = "kitchen.ai"  # the one schema that there is
ROUTES = (
    files,
    identity,
    principal_secrets,
    scim,
    models,
    secrets,
    serving,
    permissions,
    mlflow_registry,
    mlflow_files,
    mlflow,
)
CLIENT = ("DATABRICKS_", "MLFLOW_")  # variables that name a workspace
# Too long for a socket's path, with a space, a number sign and letters that are not ASCII.
LONG_HOME = Path(f"a folder of Zoë's {'è' * 60}") / f"Zoë #1, {'ß' * 30}" / "home"


@contextlib.contextmanager
def running(root: Path) -> Iterator[SimpleNamespace]:
    """Its engines and `env`, the variables with which clients find it; they are set for this process too."""
    home = open_home(root)
    with http_socket() as listener, pytest.MonkeyPatch.context() as patch:
        env = client_env(listener.getsockname()[1])
        for name, value in env.items():
            patch.setenv(name, value)
        processes, store = Processes(home, prepared()), Store(home.database)
        identity_engine = identity_of(store, USER)
        mlflow_engine, models_engine, clock = MlflowEngine(home, processes), models_of(home, store), Clock()
        secrets_engine = SecretsEngine(home, store)
        engines = SimpleNamespace(
            home=home,
            user=USER,
            identity=identity_engine,
            mlflow=mlflow_engine,
            models=models_engine,
            model_files=ModelFiles(models_engine, PartialFiles(home.root / "uploads.partial")),
            env=env,
            store=store,
            permissions=PermissionsEngine(
                store, USER, {"experiments": mlflow_engine.check_experiment}, identity_engine.is_known
            ),
            secrets=secrets_engine,
            serving=ServingEngine(home, store, processes, models_engine, secrets_engine, env, clock),
            clock=clock,
        )
        with served(create_app(engines, TOKEN, [module.router for module in ROUTES]), listener):
            mlflow_engine.start()
            engines.serving.start()
            try:
                mlflow_engine.wait_ready()
                yield engines
            finally:
                engines.serving.stop()
                mlflow_engine.stop()
                store.close()
                sockets.remove(home.run)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The seconds that it shows."""
        return self.seconds


class ServingProcess:
    """A workspace of serving alone in a process of its own, on a port that stays when it is killed.

    Its registered models are those of the home `models`; they find MLflow by this process's environment.
    """

    def __init__(self, root: Path, models: Path) -> None:
        self._root, self._models, self._listener = root, models, http_socket()
        self.host = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.start()

    def start(self) -> None:
        """Start the workspace; requests wait until it answers."""
        number = self._listener.fileno()
        argv = [sys.executable, __file__, str(self._root), str(number), str(self._models)]
        self._process = subprocess.Popen(argv, pass_fds=[number])

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it and the processes of its models."""
        self._process.terminate()
        self._process.wait()
        self._listener.close()


@contextlib.contextmanager
def serving_process(root: Path, models: Path | None = None) -> Iterator[ServingProcess]:
    """A workspace of serving alone in a process of its own, its home at `root`, its models those of home `models`."""
    workspace = ServingProcess(root, models or root)
    try:
        yield workspace
    finally:
        workspace.stop()


@contextlib.contextmanager
def served(app: object, listener: socket.socket) -> Iterator[None]:
    """`app` on `listener`, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def http_socket() -> socket.socket:
    """A listening socket on a free port of 127.0.0.1; a client that connects early waits for its server."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def client_env(port: int) -> dict[str, str]:
    """What clients need to find the workspace on `port`."""
    host = f"http://127.0.0.1:{port}"
    return {
        "DATABRICKS_HOST": host,
        "DATABRICKS_TOKEN": TOKEN,
        "MLFLOW_TRACKING_URI": host,
        "MLFLOW_TRACKING_TOKEN": TOKEN,
        "MLFLOW_REGISTRY_URI": "databricks-uc",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def models_of(home: Home, store: Store) -> ModelsEngine:
    """The registered models of a workspace whose catalog has the schema SCHEMA alone."""
    return ModelsEngine(home, store, _check_schema, USER)


def any_model() -> SimpleNamespace:
    """In place of registered models: every version of every model is there, without files."""

    def version(name: str, number: int) -> dict[str, object]:
        return {"model": name, "version": number, "status": "READY"}

    return SimpleNamespace(version=version, folder=lambda _name, _number: Path("/nowhere"))


def _check_schema(name: str) -> None:
    if name != SCHEMA:
        raise not_found(f"Schema '{name}' does not exist")


def main(root: Path, descriptor: int, models: Path) -> None:
    """Serve the home at `root` on the socket `descriptor` until told to end."""
    home = open_home(root)
    processes, store = Processes(home, prepared()), Store(home.database)
    processes.reap()
    env = {name: value for name, value in os.environ.items() if name.startswith(CLIENT)}
    models_engine, secrets_engine = models_of(Home(models), Store(models / "workspace.db")), SecretsEngine(home, store)
    engine = ServingEngine(home, store, processes, models_engine, secrets_engine, env)
    engine.start()
    engines = SimpleNamespace(
        home=home, user=USER, identity=identity_of(store, USER), serving=engine, secrets=secrets_engine
    )
    app = create_app(engines, TOKEN, [identity.router, scim.router, secrets.router, serving.router])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn raises it again once it has shut down
    try:
        uvicorn.run(app, fd=descriptor, log_level="warning", timeout_graceful_shutdown=1)
    finally:
        engine.stop()
        sockets.remove(home.run)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
