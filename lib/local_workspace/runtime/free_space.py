"""The free space on the disk of a home, and what to do while there is too little of it."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from local_workspace.runtime.errors import StorageError, disk_full
from local_workspace.runtime.home import free_bytes

LOOK_AGAIN_SECONDS = 1.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
_POSTGRES_FULL = "53100"
_GIB = 1024**3


class DiskSpace(TypedDict):
    """What is free on the home's disk and what is needed, in bytes; `message` is empty while that is enough."""

    free_bytes: int
    needed_bytes: int
    message: str


class FreeSpace:
    """Whether `needed` bytes are free on the disk of `folder`; `free` measures that, given the folder.

    Below that the workspace begins nothing that writes much: what it starts by itself waits, what a client asks for is
    refused. The rest is for what runs already, and for making room.
    """

    def __init__(self, folder: Path, needed: int, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder, self._needed, self._free = folder, needed, free
        self._closed = threading.Event()

    def report(self) -> DiskSpace:
        """How it stands now."""
        free = self._free(self._folder)
        message = ""
        if free < self._needed:
            message = (
                f"{free / _GIB:.2f} GiB are free on the disk of {self._folder}, {self._needed / _GIB:.2f} GiB are "
                "needed: no run and no update starts. Make room on this disk; what waits then goes on by itself."
            )
        return {"free_bytes": free, "needed_bytes": self._needed, "message": message}

    def shortage(self) -> str:
        """What is missing and what to do; empty if there is enough."""
        return self.report()["message"]

    def check(self) -> None:
        """Raise StorageError 507 if there is too little."""
        if message := self.shortage():
            raise disk_full(message)

    def wait(self, given_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait until there is enough; False if `given_up()` holds or the workspace stops before."""
        while self.shortage():
            if given_up() or self._closed.wait(LOOK_AGAIN_SECONDS):
                return False
        return True

    def keep_trying[T](self, write: Callable[[], T]) -> T:
        """The result of `write()`, which is called until the disk takes what it writes.

        Raises what it raises for another reason, and once the workspace stops.
        """
        while True:
            try:
                return write()
            except (OSError, StorageError) as error:
                if not (isinstance(error, StorageError) or is_full(error)) or self._closed.wait(LOOK_AGAIN_SECONDS):
                    raise

    def close(self) -> None:
        """Let nobody wait any longer: the workspace stops."""
        self._closed.set()


def is_full(error: BaseException) -> bool:
    """Whether a file's or Postgres' write failed because the disk, or the user's part of it, is full."""
    return getattr(error, "errno", None) in _FULL or getattr(error, "sqlstate", None) == _POSTGRES_FULL
