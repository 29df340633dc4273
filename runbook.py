"""Runs Casper's Initializer, the notebooks of a target in databricks.yml. `uv run runbook.py --help` tells how."""

import sys
from pathlib import Path

from caspers.runbook.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent))
