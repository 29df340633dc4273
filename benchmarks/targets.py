"""How long the workbook takes: `uv run python benchmarks/targets.py [TARGET …]`, each in an empty home, then again.

Packages and the Spark distribution must be installed (`make setup`). Prints one table; memory is the proportional set
size of all processes that run after the first run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from machine import described

REPO = Path(__file__).resolve().parents[1]


def seconds(target: str, environment: dict[str, str]) -> float:
    """Run a target to its end and return how long that took. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "runbook.py", "--target", target],
        cwd=REPO,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - started


def gigabytes(home: Path) -> float:
    """Memory in GB of the workspace at `home`: its service and all processes that it has started."""
    service = psutil.Process(json.loads((home / "connection.json").read_text())["pid"])
    return sum(process.memory_full_info().pss for process in [service, *service.children(recursive=True)]) / 1e9


def measure(target: str) -> tuple[float, float, float]:
    """Seconds of a first run in an empty home, gigabytes of what then runs, and seconds of the same run again."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = {**os.environ, "CASPERS_HOME": str(home)}
        try:
            return seconds(target, environment), gigabytes(home), seconds(target, environment)
        finally:
            subprocess.run([sys.executable, "-m", "local_workspace", "destroy", "--home", str(home)], check=True)


if __name__ == "__main__":
    print(described())
    print(f"{'target':10}{'empty home':>12}{'memory':>10}{'again':>8}")
    for name in sys.argv[1:] or ["default", "all"]:
        first, memory, again = measure(name)
        print(f"{name:10}{first:>10.0f} s{memory:>7.1f} GB{again:>6.0f} s", flush=True)
