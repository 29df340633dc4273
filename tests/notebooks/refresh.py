"""Run the ten notebooks in an empty home with a still clock and keep their outputs, which CI compares."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NOW = "2026-03-02T12:00:00+00:00"


def refresh() -> None:
    """Execute the notebooks in order, each in place. Stops at the first that fails."""
    from local_workspace import control

    folder = Path(tempfile.mkdtemp(prefix="caspers-"))
    os.environ.update(CASPERS_HOME=str(folder / "home"), CASPERS_NOW=NOW)
    control.start(folder / "home", lambda message: print(message, file=sys.stderr))
    try:
        for notebook in sorted(NOTEBOOKS.glob("[01]*.ipynb")):
            print(notebook.name, file=sys.stderr, flush=True)
            subprocess.run([sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace",
                            "--log-level", "WARN", "--ExecutePreprocessor.record_timing=False", str(notebook)],
                           check=True)
    finally:
        control.destroy(folder / "home")
        shutil.rmtree(folder)


if __name__ == "__main__":
    refresh()
