"""The regression of the notebooks: a fresh home and a still clock, so that their outputs can be compared."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

NOW = "2026-03-02T12:00:00+00:00"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start a workspace for this session and point every kernel at it."""
    if not session.config.option.nbval:
        return
    from local_workspace import control

    home = Path(tempfile.mkdtemp(prefix="caspers-")) / "home"
    os.environ.update(CASPERS_HOME=str(home), CASPERS_NOW=NOW)
    control.start(home, lambda message: print(message, file=sys.stderr))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workspace and remove its home; a failed run's logs are printed first."""
    if not session.config.option.nbval:
        return
    from local_workspace import control

    home = Path(os.environ["CASPERS_HOME"])
    if session.testsfailed:
        print("\n".join((home / "logs" / "workspace.log").read_text().splitlines()[-40:]))
    control.destroy(home)
    shutil.rmtree(home.parent)
