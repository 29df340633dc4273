"""The packages that a model's `requirements.txt` names, against those of the workspace's environment."""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from local_workspace.runtime.declared_packages import declarations

_FILE = "requirements.txt"


def lines(folder: Path) -> list[str]:
    """The lines of the requirements of the model in `folder`; none if it has no such file."""
    file = folder / _FILE
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def unmet(folder: Path) -> list[str]:
    """What the model in `folder` needs and this environment lacks, each with what is installed instead."""
    return [problem for line in declarations(lines(folder)) for problem in _problems(line)]


def _problems(line: str) -> Iterator[str]:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        yield f"{line} (no name of a package)"
        return
    if wanted.marker and not wanted.marker.evaluate():
        return
    installed = _installed(wanted.name)
    if installed is None:
        yield f"{line} (not installed)"
    elif wanted.url or not wanted.specifier.contains(installed, prereleases=True):
        yield f"{line} (installed is {installed})"


def _installed(name: str) -> str | None:
    try:
        return metadata.version(canonicalize_name(name))
    except metadata.PackageNotFoundError:
        return None
