"""Run the ten notebooks in an empty home with a still clock and keep their outputs, which CI compares."""

import subprocess
import sys
from pathlib import Path

from still_workspace import still_workspace

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def refresh() -> None:
    """Execute the notebooks in order, each in place. Stops at the first that fails."""
    with still_workspace():
        for notebook in sorted(NOTEBOOKS.glob("[01]*.ipynb")):
            print(notebook.name, file=sys.stderr, flush=True)
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "nbconvert",
                    "--to",
                    "notebook",
                    "--execute",
                    "--inplace",
                    "--log-level",
                    "WARN",
                    "--ExecutePreprocessor.record_timing=False",
                    str(notebook),
                ],
                check=True,
            )


if __name__ == "__main__":
    refresh()
