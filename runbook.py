"""Runs Casper's Initializer, the notebooks of a target in databricks.yml. See `uv run runbook.py --help`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# Folders of PYTHONPATH may hold other versions of what this project's environment has, and come before it.
OTHERS = {*os.environ.get("PYTHONPATH", "").split(os.pathsep)} - {str(ROOT / "lib")}
sys.path[:] = [path for path in sys.path if path not in OTHERS]

from caspers.runbook.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ROOT))
