"""What processes use, each together with all that it has started."""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Usage:
    """Of a process and its descendants: how many run, their memory, and their processor time so far."""

    processes: int
    memory_bytes: int
    cpu_seconds: float


def usages(pids: Collection[int]) -> dict[int, Usage]:
    """The usage of each child of this process, by its id; those that have ended are left out.

    Memory that processes of one family share, as Postgres' do, is counted once.
    """
    found: dict[int, list[tuple[int, int, float]]] = {}
    parents: dict[int, int] = {}
    for process in psutil.Process().children(recursive=True):  # parents come before their children
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            parents[process.pid] = process.ppid()
            family = _ancestor(process.pid, parents, pids)
            if family is not None:
                found.setdefault(family, []).append(_measured(process))
    return {pid: _sum(family) for pid, family in found.items()}


def _ancestor(pid: int, parents: dict[int, int], wanted: Collection[int]) -> int | None:
    seen: set[int] = set()
    while pid not in wanted:
        seen.add(pid)
        pid = parents.get(pid, 0)
        if pid == 0 or pid in seen:
            return None
    return pid


def _measured(process: psutil.Process) -> tuple[int, int, float]:
    """Memory of its own and memory that it shares, in bytes, and its processor time in seconds."""
    with process.oneshot():
        memory, times = process.memory_info(), process.cpu_times()
    shared = int(getattr(memory, "shared", 0))  # Linux alone tells it
    return memory.rss - shared, shared, times.user + times.system


def _sum(family: list[tuple[int, int, float]]) -> Usage:
    own, shared = sum(each[0] for each in family), max(each[1] for each in family)
    return Usage(len(family), own + shared, sum(each[2] for each in family))
