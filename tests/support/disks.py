"""Disks for tests: one on which a test says how much is free, and a small real one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import free_bytes

GIB = 1024**3


class Disk:
    """A disk with `free` bytes, of which `space` says whether that is enough: a GiB is needed."""

    def __init__(self, free: int = 2 * GIB) -> None:
        self.free = free
        self.space = FreeSpace(Path("/disk"), GIB, lambda _: self.free)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """An ext4 file system of `size` bytes, mounted below `folder`, which takes only what is written of its size.

    Skips the test where it can't be mounted.
    """
    image, disk = folder / "disk.img", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    _mounted(["mkfs.ext4", "-q", "-m", "0", str(image)])
    _mounted(["mount", "-o", "loop", str(image), str(disk)])
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        image.unlink()


def _mounted(command: list[str]) -> None:
    if os.geteuid() or not shutil.which(command[0]):
        pytest.skip(f"a small disk takes root and {command[0]}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")


def fill(disk: Path, leave: int = 0) -> Path:
    """Take what is free on a disk except for `leave` bytes, by a file, which is returned: without it there is room."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        while _grow(file, disk, leave):
            os.sync()  # ext4 gives back what deleted files had with the next commit of its journal
    return filler


def _grow(file: BinaryIO, disk: Path, leave: int) -> bool:
    """Take what is free now, in steps as large as the file system takes; returns whether it took anything."""
    before, block = file.seek(0, os.SEEK_END), os.statvfs(disk).f_frsize
    step = free_bytes(disk) - leave
    while step >= block and (wanted := free_bytes(disk) - leave) >= block:
        try:
            os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), min(step, wanted))
        except OSError:  # the file system takes some for its own notes
            step //= 2
    return file.seek(0, os.SEEK_END) > before
