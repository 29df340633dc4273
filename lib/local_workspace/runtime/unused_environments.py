"""The removal of Python environments that nobody uses any more.

An environment is a folder whose time of change is that of its last use. One that was not used for UNUSED_DAYS is
removed when another is made, unless a process that was started from it still runs.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

UNUSED_DAYS = 30
_DAY_SECONDS = 86_400
_REMOVED = ".removed"

Clock = Callable[[], float]


@contextmanager
def used(place: Path, clock: Clock = time.time) -> Iterator[None]:
    """Hold the lock of the environment `place`, which may be made meanwhile; at the end it counts as used now."""
    with FileLock(place.with_name(f"{place.name}.lock")):
        yield
        os.utime(place, (clock(), clock()))


def remove_unused(root: Path, clock: Clock = time.time) -> None:
    """Remove the environments in `root` that were not used for UNUSED_DAYS, and what killed processes have left."""
    oldest = clock() - UNUSED_DAYS * _DAY_SECONDS
    for place in sorted(path for path in root.iterdir() if path.is_dir()):
        if place.stat().st_mtime >= oldest:
            continue
        try:
            with FileLock(place.with_name(f"{place.name}.lock"), timeout=0):
                _remove(place, oldest)
        except Timeout:
            continue  # somebody uses it just now


def _remove(place: Path, oldest: float) -> None:
    """Remove an environment, unless it was used since it was found or is still."""
    if place.stat().st_mtime < oldest and not _in_use(place):
        removed = place.with_name(place.name.removesuffix(_REMOVED) + _REMOVED)  # no half of it is ever found
        place.replace(removed)
        shutil.rmtree(removed)


def _in_use(place: Path) -> bool:
    """Whether a process runs that was started from the environment."""
    return any(str(place) in text for process in psutil.process_iter() for text in _texts(process))


def _texts(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), *process.environ().values()]
    except psutil.Error:  # it has ended, or is another user's
        return []
