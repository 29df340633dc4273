"""How long the workbook takes: `uv run python benchmarks/targets.py [TARGET …]`, each in an empty home, then again.

Packages and the Spark distribution must be installed (`make setup`). Prints a table for each target: seconds, memory
(the proportional set size of all processes that run after the run), and processor seconds by kind of process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from machine import described
from processor import Meter

REPO = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """What a run took: seconds, then gigabytes, and processor seconds by kind of process."""

    seconds: float
    gigabytes: float
    processor: dict[str, float]


def service(home: Path) -> list[psutil.Process]:
    """The service of the workspace at `home`, if there is one."""
    try:
        return [psutil.Process(json.loads((home / "connection.json").read_text())["pid"])]
    except (FileNotFoundError, psutil.NoSuchProcess):
        return []


def gigabytes(home: Path) -> float:
    """Memory in GB of the workspace at `home`: its service and all processes that it has started."""
    (root,) = service(home)
    return sum(_bytes(process) for process in [root, *root.children(recursive=True)]) / 1e9


def _bytes(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0  # it has ended since the list of them was made


def run(target: str, home: Path, checkout: Path = REPO) -> Run:
    """Run a target of a checkout that is set up, to its end. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    command = [str(checkout / ".venv" / "bin" / "python"), "runbook.py", "--target", target]
    runbook = psutil.Popen(
        command,
        cwd=checkout,
        env={**os.environ, "CASPERS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with Meter(lambda: [runbook, *service(home)]) as meter:
        code = runbook.wait()
        seconds = time.monotonic() - started
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Run(seconds, gigabytes(home), meter.seconds())


def measure(target: str) -> list[Run]:
    """A first run in an empty home, and the same run again."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            return [run(target, home), run(target, home)]
        finally:
            subprocess.run([sys.executable, "-m", "local_workspace", "destroy", "--home", str(home)], check=True)


def show(target: str, runs: list[Run]) -> None:
    """Print a target's table, a column for each run."""

    def line(name: str, values: list[float], unit: str, digits: int = 0) -> None:
        print(f"{name:<20}" + "".join(f"{value:>12.{digits}f} {unit}" for value in values), flush=True)

    print(f"\n{target:<20}{'empty home':>14}{'again':>14}")
    line("seconds", [each.seconds for each in runs], "s ")
    line("memory", [each.gigabytes for each in runs], "GB", 1)
    line("processor", [sum(each.processor.values()) for each in runs], "s ")
    for kind in sorted(runs[0].processor, key=lambda kind: -runs[0].processor[kind]):
        line(f"  {kind}", [each.processor.get(kind, 0) for each in runs], "s ")


if __name__ == "__main__":
    print(described())
    for name in sys.argv[1:] or ["default", "all"]:
        show(name, measure(name))
