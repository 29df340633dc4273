"""Run all notebooks in an empty home with a still clock; keep their outputs, which CI compares, and their times.

Then take the pictures in docs/ of the same workspace.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pictures
from machine import described

from still_workspace import still_workspace

REPO = Path(__file__).resolve().parents[2]
NOTEBOOKS = REPO / "notebooks"
START = "00_start_here.ipynb"
README = REPO / "README.md"
TIMES = REPO / "docs/notebook_times.json"
"""Which machine ran the notebooks, and the seconds that each took there; the first of them shows it."""


def refresh() -> None:
    """Execute the notebooks in order, each in place, and the one that shows the times last; then take the pictures.

    Stops at a failure.
    """
    seconds: dict[str, int] = {}
    with still_workspace():
        for notebook in sorted(NOTEBOOKS.glob("*.ipynb"), key=lambda path: (path.name == START, path.name)):
            if notebook.name == START:
                keep(seconds)
            print(notebook.name, file=sys.stderr, flush=True)
            started = time.monotonic()
            execute(notebook)
            seconds[notebook.stem] = round(time.monotonic() - started)
            tell(notebook, seconds[notebook.stem])
        print("pictures", file=sys.stderr, flush=True)
        pictures.main()


def tell(notebook: Path, seconds: int) -> None:
    """Write the time a notebook took, and takes to read at 120 words a minute, into it and the README."""
    cells = json.loads(notebook.read_text())["cells"]
    minutes = round(sum(len("".join(cell["source"]).split()) for cell in cells) / 120)
    line = f"**Time:** {seconds} s to run, about {minutes} minutes to read"
    notebook.write_text(re.sub(r"\*\*Time:\*\* [\w ,]+", line, notebook.read_text(), count=1))
    row = rf"(\(notebooks/{notebook.name}\) \|.*\|) \d+ s \| \d+ min \|"
    README.write_text(re.sub(row, rf"\1 {seconds} s | {minutes} min |", README.read_text()))


def keep(seconds: dict[str, int]) -> None:
    """Write the times with the machine that they are from, and the machine into the README as well."""
    TIMES.write_text(json.dumps({"machine": described(), "seconds": seconds}, indent=1) + "\n")
    sentence = rf"\g<1>{described()}\2"
    README.write_text(re.sub(r"(on this machine: ).*(\. The times to read)", sentence, README.read_text()))


def execute(notebook: Path) -> None:
    """Run a notebook in place. Raises CalledProcessError."""
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
