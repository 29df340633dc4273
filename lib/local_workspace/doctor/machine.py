"""The machine: its system, memory, disk, open files and clock."""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from local_workspace.doctor.finding import Finding, failed, ok, warning
from local_workspace.runtime.home import MIN_FREE_BYTES, existing, free_bytes

GIB = 1024**3
_MEMORY = 4 * GIB  # what the smallest useful workspace takes
_DISK = 6 * GIB  # the home of a workspace that is in use for a day
_OPEN_FILES = 1024
_CLOCK_SECONDS = 2
_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_PROCESSORS = ("x86_64", "aarch64", "arm64")


def system(
    kind: str = sys.platform,
    processor: str = platform.machine(),
    libc: str = platform.libc_ver()[0],
    release: str = platform.uname().release,
) -> Finding:
    """Whether Postgres, Java and Spark are available for this system."""
    found = f"{kind} on {processor}"
    if kind == "win32":
        return failed("system", found, "Use WSL 2: Windows itself lacks what the servers need, such as Unix sockets.")
    if "Microsoft" in release:  # WSL 2 says microsoft
        return failed("system", f"{found}, WSL 1", "Change to WSL 2: wsl --set-version DISTRIBUTION 2")
    if kind not in ("linux", "darwin") or processor not in _PROCESSORS:
        return failed("system", found, "Use Linux or macOS on x86_64 or ARM: there is no Postgres or Java for this.")
    if kind == "linux" and libc != "glibc":
        return failed("system", f"{found} without glibc", "Use one with glibc: there is no Java for musl (Alpine).")
    return ok("system", found)


def memory(total: int | None = None, available: int | None = None) -> Finding:
    """Whether there is enough memory for Spark, Postgres and the models; in bytes, by default this machine's."""
    found = psutil.virtual_memory()
    total = min(found.total, *_limits()) if total is None else total
    available = min(found.available, total) if available is None else available
    text = f"{available / GIB:.1f} GiB of {total / GIB:.1f} GiB are available"
    if total < _MEMORY:
        return failed(
            "memory", text, f"Give the machine or container {_MEMORY // GIB} GiB at least; 8 GiB are recommended."
        )
    if available < _MEMORY:
        return warning("memory", text, f"Close other programs: {_MEMORY // GIB} to 6 GiB will be in use.")
    return ok("memory", text)


def disk(folder: Path, free: int | None = None) -> Finding:
    """Whether the disk of `folder`, which need not exist, has enough free space; `free` in bytes."""
    free = free_bytes(folder) if free is None else free
    text = f"{free / GIB:.1f} GiB are free on the disk of {folder}"
    remedy = "Free some space, or name a home on another disk."
    if free < MIN_FREE_BYTES:
        return failed("disk", f"{text}; {MIN_FREE_BYTES // GIB} GiB are needed", remedy)
    return warning("disk", text, remedy) if free < _DISK else ok("disk", text)


def open_files(limit: int | None = None) -> Finding:
    """Whether the service may have enough files and connections open at once."""
    if limit is None:
        from local_workspace.runtime import open_files  # Windows, which `system` refuses, has no such limits

        limit = open_files.limit()
    text = f"the service may open {limit}"
    if limit >= _OPEN_FILES:
        return ok("open files", text)
    return warning("open files", text, "Raise the hard limit: ulimit -Hn 8192, or --ulimit nofile=8192 of a container.")


def clock(folder: Path, now: Callable[[], float] = time.time, installed: float | None = None) -> Finding:
    """Whether the clock is behind this software's installation, or differs from that of the disk of `folder`."""
    installed = Path(__file__).stat().st_mtime if installed is None else installed
    before = now()
    with tempfile.TemporaryFile(dir=existing(folder)) as file:
        written = os.fstat(file.fileno()).st_mtime
    text = f"{datetime.fromtimestamp(before, UTC):%Y-%m-%d %H:%M:%S} UTC"
    remedy = "Set the clock, preferably from a network time server (in WSL after sleep: sudo hwclock -s)."
    if before < installed:
        return failed("clock", f"{text} is before this software was installed", remedy)
    if not before - _CLOCK_SECONDS <= written <= now() + _CLOCK_SECONDS:
        return warning("clock", f"{text}, but the disk's clock differs by {written - before:.0f} s", remedy)
    return ok("clock", text)


def _limits() -> list[int]:
    """The container's memory limits in bytes; `sys.maxsize` if there is none."""
    texts = [path.read_text().strip() for path in _CGROUPS if path.exists()]
    return [int(text) for text in texts if text.isdigit()] or [sys.maxsize]
