"""A fresh workspace with a still clock, so that what the notebooks print can be compared from run to run."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOW = "2026-03-02T12:00:00+00:00"


@contextmanager
def still_workspace() -> Iterator[Path]:
    """Start it and point this process and its children at it; yields its home, which is removed at the end."""
    from local_workspace.service import control

    folder = Path(tempfile.mkdtemp(prefix="caspers-"))
    home = folder / "home"
    os.environ.update(CASPERS_HOME=str(home), CASPERS_NOW=NOW)
    try:
        control.start(home, lambda message: print(message, file=sys.stderr))
        yield home
    finally:
        control.destroy(home)
        shutil.rmtree(folder)
