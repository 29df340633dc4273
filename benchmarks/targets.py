"""How long the workbook takes: `uv run python benchmarks/targets.py [TARGET …]`, each in an empty home, then again.

Packages and the Spark distribution must be installed (`make setup`). Prints one table.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]


def seconds(target: str, environment: dict[str, str]) -> float:
    """Run a target to its end and return how long that took. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    subprocess.run([sys.executable, "runbook.py", "--target", target], cwd=REPO, env=environment, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def measure(target: str) -> tuple[float, float]:
    """Seconds of a first run in an empty home, and of the same again."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CASPERS_HOME": f"{folder}/home"}
        try:
            return seconds(target, environment), seconds(target, environment)
        finally:
            subprocess.run([sys.executable, "-m", "local_workspace", "destroy", "--home", f"{folder}/home"], check=True)


if __name__ == "__main__":
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'target':10}{'empty home':>12}{'again':>8}")
    for name in sys.argv[1:] or ["default", "all"]:
        first, again = measure(name)
        print(f"{name:10}{first:>10.0f} s{again:>6.0f} s", flush=True)
