"""Shared by all tests: one living workspace a test session, in a home of its own."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

OUTER = ("DATABRICKS_", "CASPERS_", "LOCAL_WORKSPACE_", "MLFLOW_", "SPARK_")  # variables that name a workspace
_CONNECTED: dict[str, str] = {}  # what `connected` has put into the environment


def pytest_configure() -> None:
    """Leave the collection of garbage to `garbage_is_collected`.

    A Spark session that is collected closes its client, even if it was stopped before. Where that happens amid a
    statement of another session, the statement's thread waits for a lock that it holds itself, and all later statements
    wait for the same lock (`ExecutePlanResponseReattachableIterator.shutdown` of pyspark).
    """
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker of xdist's: what shares a workspace comes early."""
    if hasattr(config, "workerinput"):
        import file_order

        file_order.order(items)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of a running local workspace; its home is under the key CASPERS_HOME."""
    from local_workspace.service import control

    root = tmp_path_factory.mktemp("workspace") / "home"
    connection = control.start(root, lambda message: print(message, file=sys.stderr))
    yield {**{key: value for key, value in connection.items() if key.isupper()}, "CASPERS_HOME": str(root)}
    control.destroy(root)


@pytest.fixture(scope="session")
def connected(workspace: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same, with this process's environment pointing at it."""
    patch = pytest.MonkeyPatch()
    for name, value in workspace.items():
        patch.setenv(name, value)
    _CONNECTED.update(workspace)
    yield workspace
    _CONNECTED.clear()
    patch.undo()


def _client(workspace: dict[str, str]) -> "WorkspaceClient":
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


@pytest.fixture(scope="session")
def w(workspace: dict[str, str]) -> "WorkspaceClient":
    """The SDK's client of the workspace."""
    return _client(workspace)


@pytest.fixture(scope="session")
def spark(workspace: dict[str, str]):
    """A Spark Connect session on the workspace's server, which is waited for.

    It does not take `w`: a module may have a `w` of its own, made from this session.
    """
    from pyspark.sql.connect.session import SparkSession

    _client(workspace).api_client.do("POST", "/api/local/wait/spark")
    session = SparkSession.builder.remote(workspace["SPARK_REMOTE"]).create()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def catalog(w: "WorkspaceClient") -> str:
    """The name of the workspace's catalog, created if there is none."""
    held = list(w.catalogs.list()) or [w.catalogs.create("kitchens")]
    return held[0].name


@pytest.fixture(scope="module", autouse=True)
def garbage_is_collected() -> Iterator[None]:
    """Between two modules, by the thread that runs them."""
    yield
    gc.collect()


@pytest.fixture(scope="module", autouse=True)
def no_mlflow_of_another_module() -> Iterator[None]:
    """MLflow keeps its settings in the process and its environment: a module leaves none of its own to the next."""
    yield
    if mlflow := sys.modules.get("mlflow"):
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        mlflow.tracing.reset()
        for name in ("MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
            os.environ.pop(name, None)
        os.environ.update(_CONNECTED)


@pytest.fixture
def home_root(tmp_path: Path) -> Path:
    """An empty place for a home."""
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def no_outer_workspace(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No test talks to a workspace that happens to be configured outside."""
    if "connected" not in request.fixturenames:
        for name in [name for name in os.environ if name.startswith(OUTER)]:
            monkeypatch.delenv(name)
