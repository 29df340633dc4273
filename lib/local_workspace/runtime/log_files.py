"""The log files of the workspace's processes."""

import os
import shutil
from pathlib import Path

_MOST_BYTES = 100_000
ROTATED_BYTES = 20_000_000


def end_of(path: Path, most: int = _MOST_BYTES) -> str:
    """The last bytes of a log as text; empty if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def rotate(path: Path) -> None:
    """Move what a log of more than ROTATED_BYTES holds to a file beside it, `<name>.1`, over the one before.

    The process goes on writing to the same file, as with logrotate's `copytruncate`: it appends, so it begins at the
    start again. A line that it writes between the copy and the cut is lost.
    """
    if path.stat().st_size > ROTATED_BYTES:
        kept = path.with_name(f"{path.name}.1")
        shutil.copyfile(path, kept.with_suffix(".unfinished"))
        kept.with_suffix(".unfinished").replace(kept)
        os.truncate(path, 0)
