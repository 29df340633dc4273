"""How long the data take: `uv run python benchmarks/data.py`, in a temporary folder.

Generates the 90 days, replays them up to day 70 at noon, then three minutes more at 60 times the clock's speed; each
three times in a process of its own. Prints one table: the median time, beside it the time of a plain copy of the
files that were written, their ratio, and the most memory that a process took.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import BinaryIO, NamedTuple

from machine import described

from caspers.canonical.generate import generate
from caspers.replay import replay

ROUNDS = 3
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss`."""


class Measured(NamedTuple):
    """One round: `seconds` of the work and of copying its files, `bytes` of these, peak `memory` of the process."""

    seconds: float
    copy: float
    bytes: int
    memory: int


def write(file: Path, contents: BinaryIO) -> None:
    """What the Files API does at the end of an upload."""
    file.write_bytes(contents.read())


def make(folder: Path, _: Path) -> Path:
    """Generate the dataset of 90 days; returns where it is."""
    generate(folder / "dataset")
    return folder / "dataset"


def replay_first(folder: Path, dataset: Path) -> Path:
    """Replay everything up to day 70 at noon; returns the folder of events."""
    replay(dataset, folder / "events", folder, 70, 60.0, NOON, write)
    return folder / "events"


def replay_later(folder: Path, dataset: Path) -> Path:
    """Replay what three minutes at 60 times the clock's speed have made due, after `replay_first`."""
    replay(dataset, folder / "events", folder, 70, 60.0, NOON + timedelta(minutes=3), write)
    return folder / "events"


def copied(files: list[Path], to: Path) -> float:
    """Seconds of a plain copy of `files` to the folder `to`, which is removed again."""
    to.mkdir()
    started = time.perf_counter()
    for file in files:
        shutil.copyfile(file, to / file.name)
    seconds = time.perf_counter() - started
    shutil.rmtree(to)
    return seconds


def measure(work: Callable[[Path, Path], Path], folder: Path, dataset: Path) -> Measured:
    """Do the work and copy the files that it has added."""
    before = set(folder.rglob("*"))
    started = time.perf_counter()
    out = work(folder, dataset)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_BYTES
    files = [file for file in out.iterdir() if file not in before]
    return Measured(seconds, copied(files, folder / "copy"), sum(file.stat().st_size for file in files), memory)


def alone(work: Callable[[Path, Path], Path], folder: Path, dataset: Path) -> Measured:
    """The same in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, work, folder, dataset).result()


def one_round(folder: Path) -> dict[str, Measured]:
    """Generate, replay for the first time and once more, in an empty folder."""
    (folder / "events").mkdir(parents=True)
    steps = {"generate": make, "first replay": replay_first, "later replay": replay_later}
    return {name: alone(work, folder, folder / "dataset") for name, work in steps.items()}


def row(name: str, rounds: list[Measured]) -> str:
    """One line of the table."""
    seconds, copy = median(one.seconds for one in rounds), median(one.copy for one in rounds)
    size, memory = rounds[0].bytes / 1e6, max(one.memory for one in rounds) / 1e6
    return f"{name:14}{seconds:>8.2f} s{size:>9.1f} MB{copy:>9.3f} s{seconds / copy:>8.1f} ×{memory:>8.0f} MB"


def main() -> None:
    """Print the machine and the table."""
    print(described())
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, ROUNDS + 1):
            print(f"round {number} of {ROUNDS} …", file=sys.stderr, flush=True)
            rounds.append(one_round(Path(folder) / str(number)))
    print(f"{'':14}{'median':>10}{'written':>12}{'file copy':>11}{'ratio':>10}{'memory':>11}")
    for name in rounds[0]:
        print(row(name, [one[name] for one in rounds]))


if __name__ == "__main__":
    main()
