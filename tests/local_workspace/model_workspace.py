"""For tests: a workspace of MLflow and model serving alone, on a free port."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn

from local_workspace.engines.mlflow import MlflowEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.home import open_home
from local_workspace.processes import Processes
from local_workspace.routes import identity, mlflow, serving
from local_workspace.server import create_app
from local_workspace.store import Store

TOKEN = "a-token-for-tests"


@contextlib.contextmanager
def running(root: Path) -> Iterator[SimpleNamespace]:
    """Its engines and `env`, the variables with which clients find it; they are set for this process too."""
    home = open_home(root)
    with http_socket() as listener, contextlib.chdir(home.root), pytest.MonkeyPatch.context() as patch:
        env = client_env(listener.getsockname()[1])
        for name, value in env.items():
            patch.setenv(name, value)
        processes, store = Processes(home), Store(home.database)
        mlflow_engine = MlflowEngine(home, processes)
        engines = SimpleNamespace(home=home, user="you@localhost", mlflow=mlflow_engine, env=env, store=store,
                                  serving=ServingEngine(home, store, processes, mlflow_engine, env))
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
    return {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": TOKEN, "MLFLOW_TRACKING_URI": host,
            "MLFLOW_TRACKING_TOKEN": TOKEN, "MLFLOW_DISABLE_TELEMETRY": "true"}
