"""The pytest plugin: the fixture `databricks_workspace`, a local workspace that is empty at the start of each test.

It is loaded by its entry point in every project that has this package installed, so nothing is imported before a test
asks for the fixture.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_workspace.testing.workspace import DatabricksWorkspace

_HOME_HELP = "run the tests' local workspace in this home and keep it, which saves its start if it runs already"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--databricks-home DIR`."""
    group = parser.getgroup("local_workspace", "a local Databricks workspace")
    group.addoption("--databricks-home", type=Path, metavar="DIR", help=_HOME_HELP)


@contextmanager
def home_of_session() -> Iterator[Path]:
    """A new home's path, removed at the end.

    It is not below pytest's own temporary folder: each session that starts closes that one to other users (pytest's
    `TempPathFactory.getbasetemp`), and the Postgres servers of a workspace of root run as another user.
    """
    with tempfile.TemporaryDirectory(prefix="databricks-") as folder:
        yield Path(folder) / "home"


@pytest.fixture(scope="session")
def databricks_session(request: pytest.FixtureRequest) -> Iterator["DatabricksWorkspace"]:
    """The session's workspace: one home for all tests, each process of pytest-xdist has one of its own.

    A home of the session's own is removed at its end; the one of `--databricks-home` is kept, and left running if it
    was. Its tests run in one process: with pytest-xdist it raises pytest.UsageError.
    """
    from local_workspace.service import control
    from local_workspace.testing.workspace import DatabricksWorkspace

    kept: Path | None = request.config.getoption("databricks_home")
    if kept and "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError("--databricks-home is one workspace: leave it out, or run without pytest-xdist.")
    with nullcontext(kept) if kept else home_of_session() as root:
        running = control.find(root)
        workspace = DatabricksWorkspace(root, running or control.start(root, _report))
        try:
            yield workspace
        finally:
            workspace.close()
            if kept is None:
                control.destroy(root)
            elif not running:
                control.stop(root)


@pytest.fixture
def databricks_workspace(
    databricks_session: "DatabricksWorkspace", monkeypatch: pytest.MonkeyPatch
) -> "DatabricksWorkspace":
    """The workspace, emptied before the test; the process's environment points all official clients at it."""
    databricks_session.reset()
    for name in databricks_session.unset:
        monkeypatch.delenv(name, raising=False)
    for name, value in databricks_session.variables.items():
        monkeypatch.setenv(name, value)
    return databricks_session


def _report(message: str) -> None:
    print(message, file=sys.stderr)
