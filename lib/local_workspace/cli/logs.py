"""Prints the logs of a home, and what is added to them."""

from pathlib import Path
from typing import TextIO

from watchfiles import watch

from local_workspace.runtime.errors import SetupError

_BLOCK = 64 * 1024


def show(folder: Path, engine: str | None, lines: int, follow: bool, output: TextIO) -> None:
    """Print the last `lines` of the log of `engine`, by default of every log in `folder`.

    With `follow` what is added is printed until the process is interrupted. Raises SetupError if there is no such log.
    """
    logs = _chosen(folder, engine)
    titled = engine is None
    printed: dict[Path, int] = {}
    for log in logs:
        _print(log, last_lines(log, lines), titled, output)
        printed[log] = log.stat().st_size
    if follow:
        for _ in watch(folder, recursive=False, raise_interrupt=False):
            for log in _chosen(folder, engine):
                printed[log] = _print_new(log, printed.get(log, 0), titled, output)


def last_lines(log: Path, lines: int) -> str:
    """The last `lines` lines of a file; it is read from its end."""
    with log.open("rb") as file:
        position, content = log.stat().st_size, b""
        while position > 0 and content.count(b"\n") <= lines:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            content = file.read(step) + content
    return "\n".join(content.decode(errors="replace").splitlines()[-lines:] if lines > 0 else [])


def _chosen(folder: Path, engine: str | None) -> list[Path]:
    found = sorted(folder.glob("*.log"))
    if engine is None:
        return found
    chosen = [log for log in found if log.stem == engine]
    if not chosen:
        names = ", ".join(log.stem for log in found) or "none yet"
        raise SetupError(f"There is no log of {engine!r} in {folder}; there are logs of: {names}.")
    return chosen


def _print_new(log: Path, known: int, titled: bool, output: TextIO) -> int:
    """Print what is behind the first `known` bytes; returns how many there are now."""
    size = log.stat().st_size
    if size == known:
        return size
    with log.open("rb") as file:
        file.seek(known if known < size else 0)  # a shorter one was begun anew
        _print(log, file.read(size).decode(errors="replace"), titled, output)
    return size


def _print(log: Path, text: str, titled: bool, output: TextIO) -> None:
    if not text:
        return
    if titled:
        output.write(f"==> {log.stem} <==\n")
    output.write(text if text.endswith("\n") else f"{text}\n")
    output.flush()
