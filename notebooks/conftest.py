"""The regression of the notebooks: a fresh home and a still clock, so that their outputs can be compared."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from still_workspace import still_workspace

_WORKSPACE = pytest.StashKey[ExitStack]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start a workspace for this session and point every kernel at it."""
    if session.config.option.nbval:
        stack = session.stash[_WORKSPACE] = ExitStack()
        home = stack.enter_context(still_workspace())
        stack.callback(_print_log_of_a_failure, session, home / "logs" / "workspace.log")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workspace and remove its home."""
    if _WORKSPACE in session.stash:
        session.stash[_WORKSPACE].close()


def _print_log_of_a_failure(session: pytest.Session, log: Path) -> None:
    if session.testsfailed:
        print("\n".join(log.read_text().splitlines()[-40:]))
