"""For tests: a workspace of MLflow and model serving alone, on a free port.

`python model_workspace.py HOME FD` is one of serving alone, a process that can be killed.
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

from local_workspace.engines.mlflow import MlflowEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.http.server import create_app
from local_workspace.routes import identity, mlflow, serving
from local_workspace.runtime import sockets
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store

TOKEN = "a-token-for-tests"
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
        processes, store = Processes(home), Store(home.database)
        mlflow_engine = MlflowEngine(home, processes)
        engines = SimpleNamespace(
            home=home,
            user="you@localhost",
            mlflow=mlflow_engine,
            env=env,
            store=store,
            serving=ServingEngine(home, store, processes, mlflow_engine, env),
        )
        with served(create_app(engines, TOKEN, [identity.router, serving.router, mlflow.router]), listener):
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


class ServingProcess:
    """A workspace of serving alone in a process of its own, on a port that stays when it is killed.

    It takes any version of a model for there, and models find MLflow by this process's environment.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._listener = root, http_socket()
        self.host = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.start()

    def start(self) -> None:
        """Start the workspace; requests wait until it answers."""
        number = self._listener.fileno()
        self._process = subprocess.Popen([sys.executable, __file__, str(self._root), str(number)], pass_fds=[number])

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
def serving_process(root: Path) -> Iterator[ServingProcess]:
    """A workspace of serving alone in a process of its own, with its home at `root`."""
    workspace = ServingProcess(root)
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
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def main(root: Path, descriptor: int) -> None:
    """Serve the home at `root` on the socket `descriptor` until told to end."""
    home = open_home(root)
    processes, store = Processes(home), Store(home.database)
    processes.reap()
    registry = SimpleNamespace(wait_ready=lambda: None, model_version=lambda _name, version: version)
    env = {name: value for name, value in os.environ.items() if name.startswith(CLIENT)}
    engine = ServingEngine(home, store, processes, registry, env)
    engine.start()
    app = create_app(
        SimpleNamespace(home=home, user="you@localhost", serving=engine), TOKEN, [identity.router, serving.router]
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn raises it again once it has shut down
    try:
        uvicorn.run(app, fd=descriptor, log_level="warning", timeout_graceful_shutdown=1)
    finally:
        engine.stop()
        sockets.remove(home.run)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
