"""Faults that no signal brings: libfaketime lets a clock jump, strace lets a disk fail."""

import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from fault_plan import DISK_ERROR, JUMP

_FAKETIME = Path(__file__).resolve().parents[2] / "build" / "libfaketime"
_SYNCS = "fsync,fdatasync"
_HOLD = "import os, sys; print(os.environ['FAKETIME_SHARED'], flush=True); sys.stdin.read()"


@dataclass(frozen=True)
class Clock:
    """A clock that the file at `path` sets for all processes of Python that have `environment`.

    A JVM does not start on it.
    """

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process and its children follow the clock; none without libfaketime."""
        library = _faketime()
        if library is None:
            return {}
        if not self.path.exists():
            self._set(0)
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_SKIP_CMDS": "java,postgres",
            "FAKETIME_SHARED": _shared(library),
        }

    @property
    def ahead(self) -> int:
        """By how many seconds it is ahead of the machine's."""
        return int(self.path.read_text())

    def jump(self, seconds: int) -> None:
        """Set the clock by so many seconds."""
        self._set(self.ahead + seconds)

    def _set(self, offset: int) -> None:
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_text(f"{offset:+d}")
        new.replace(self.path)


def missing(kinds: Iterable[str]) -> list[str]:
    """What has to be installed for faults of these kinds, a sentence each."""
    found = []
    if JUMP in kinds and _faketime() is None:
        found.append(f"A clock that jumps takes libfaketime: uv pip install --target {_FAKETIME} libfaketime")
    if DISK_ERROR in kinds and shutil.which("strace") is None:
        found.append("A disk that fails takes strace: apt-get install strace")
    return found


def fail_to_sync(process: psutil.Process, seconds: float) -> None:
    """Let each `fsync` of a process and of all its children fail with EIO for so many seconds."""
    family = [process, *process.children(recursive=True)] if "postgres" in process.name() else [process]
    command = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={_SYNCS}", "-e", f"inject={_SYNCS}:error=EIO"]
    tracer = subprocess.Popen([*command, *(f"--attach={each.pid}" for each in family)], stderr=subprocess.PIPE)
    try:
        tracer.wait(seconds)
    except subprocess.TimeoutExpired:
        tracer.send_signal(signal.SIGINT)  # it lets them go
        tracer.wait(30)
    assert tracer.stderr
    tracer.stderr.close()


@cache
def _shared(library: Path) -> str:
    """What processes that follow a clock share, as libfaketime names it; a process of this one holds it until the end.

    By itself the first of them would hold it, and after its end each would make its own: as root, which the Postgres
    that this process becomes, as another user, can't open.
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        env={**os.environ, "LD_PRELOAD": str(library)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(holder.communicate)
    assert holder.stdout
    return holder.stdout.readline().strip()


def _faketime() -> Path | None:
    """The library of PyPI's libfaketime. Debian's 0.9.10 breaks Python's `time.sleep` when the clock is set back."""
    return next(_FAKETIME.rglob("libfaketime.so*"), None)
