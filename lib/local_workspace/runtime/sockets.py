"""The folder of a home's unix sockets. Their paths are absolute, and the system allows about 100 bytes for one."""

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

from local_workspace.runtime.errors import SetupError

LONGEST_PATH = 103  # bytes; macOS allows that, Linux 107
_NAME_BYTES = len("0123456789ab.sock")


def socket_file(name: str) -> str:
    """The file name of the socket `name`, of a length that does not depend on it."""
    return f"{_digest(name, 12)}.sock"


def folder(run: Path) -> Path:
    """`run` if sockets in it can be opened; else a folder among the system's temporary ones, named after `run`."""
    if _fits(run):
        return run
    return next(path for path in _outside(run) if _fits(path))


def prepare(run: Path) -> None:
    """Make the folder of the sockets. Raises SetupError if there is one that others may write."""
    chosen = folder(run)
    if chosen == run:
        return
    chosen.mkdir(mode=0o700, exist_ok=True)
    found = chosen.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise SetupError(f"{chosen} belongs to someone else or is open to others. Remove it, or set TMPDIR.")


def listens(path: Path) -> bool:
    """Whether a server accepts connections on the socket `path`."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fsencode(path)) == 0


def temporary_parent() -> str | None:
    """Where a folder of a kernel's sockets can be made: None, the system's place, unless its path is too long."""
    longest = Path(tempfile.gettempdir()).resolve() / "kernel-abcdefgh" / "kernel.json-12345"
    return None if len(os.fsencode(longest)) <= LONGEST_PATH else "/tmp"


def remove(run: Path) -> None:
    """Remove the folder of the sockets, if it is not `run` itself. Safe to call twice."""
    chosen = folder(run)
    if chosen != run and chosen.exists():
        shutil.rmtree(chosen)


def _outside(run: Path) -> list[Path]:
    name = f"lw-{_digest(str(run), 16)}"
    return [Path(tempfile.gettempdir()).resolve() / name, Path("/tmp") / name]


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) + 1 + _NAME_BYTES <= LONGEST_PATH


def _digest(text: str, letters: int) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:letters]
