"""The dependencies of a task's environment: lines of a requirements file, whose paths are those of the workspace.

See https://docs.databricks.com/aws/en/compute/serverless/dependencies.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from local_workspace.runtime.errors import invalid
from local_workspace.runtime.text_files import read_text

_OPTION = re.compile(r"(-e|--editable|-r|--requirement|-c|--constraint)(?:\s+|=)(.+)")
_COMMENT = re.compile(r"(^|\s)#.*$")
_URL = re.compile(r"file:(?://)?(/(?:Workspace|Volumes)/\S+)")
_LONG = {"-e": "--editable", "-r": "--requirement", "-c": "--constraint"}
_BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg")

Locate = Callable[[str], Path]
"""Finds the local path of a workspace or volume path. Raises ApiError 404."""


class Dependencies:
    """Lines for uv, and what they refer to on disk. `locate` finds paths; relative ones lie in `folder`."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self.lines: list[str] = []
        self._digest = hashlib.sha256()

    def add(self, lines: Iterable[str], folder: Path | None = None) -> None:
        """Add lines of a requirements file. Raises ApiError 404 for a missing file, 400 for a path elsewhere."""
        for line in lines:
            text = _COMMENT.sub("", line).strip()
            if text:
                self._add(text, folder)

    def key(self, base: str) -> str:
        """What identifies the packages to install over `base`: it changes with any file that the lines name."""
        whole = self._digest.copy()
        whole.update("\n".join([base, *self.lines]).encode())
        return whole.hexdigest()[:24]

    def _add(self, text: str, folder: Path | None) -> None:
        if match := _OPTION.fullmatch(text):
            option, path = _LONG.get(match[1], match[1]), self._local(match[2].strip().strip("'\""), folder)
            if option == "--requirement":
                self.add(read_text(path[0], path[0].name).splitlines(), path[0].parent)
                return
            self.lines.append(f"{option} {path[0]}{path[1]}")
            self._note(path[0], editable=option == "--editable")
        elif text.startswith(("/", "./", "../")) or text in (".", ".."):
            place, extras = self._local(text, folder)
            self.lines.append(f"{place}{extras}")
            self._note(place)
        else:
            self.lines.append(_URL.sub(lambda match: self._locate(match[1]).as_uri(), text))

    def _local(self, text: str, folder: Path | None) -> tuple[Path, str]:
        """The local path that a line names, and the extras in brackets behind it."""
        path, bracket, extras = text.partition("[")
        if path.startswith("/"):
            return self._locate(path), bracket + extras
        if folder is None:
            raise invalid(f"The dependency {text!r} is a relative path; write the whole path in the workspace.")
        return (folder / path).resolve(), bracket + extras

    def _note(self, place: Path, editable: bool = False) -> None:
        for file in _relevant(place, editable):
            self._digest.update(str(file.relative_to(place)).encode())
            self._digest.update(hashlib.sha256(file.read_bytes()).digest())


def _relevant(place: Path, editable: bool) -> Iterator[Path]:
    """The files that decide what is installed: of an editable project only those that say how it is built."""
    if place.is_file():
        yield place
    elif editable:
        yield from (place / name for name in _BUILD_FILES if (place / name).is_file())
    else:
        yield from (path for path in sorted(place.rglob("*")) if path.is_file())
