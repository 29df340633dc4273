"""The log files of the workspace's processes."""

from pathlib import Path

_MOST_BYTES = 100_000


def end_of(path: Path, most: int = _MOST_BYTES) -> str:
    """The last bytes of a log as text; empty if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
