"""Python environments for tasks and models: the packages that one asks for, over those of the workspace.

An environment is a virtual environment that holds only what the workspace's own environment lacks or has in another
version; what it holds wins. uv decides what that is, preferring versions that are installed. Each is kept under a key
of its requirements, the files that they name, and the packages of the workspace; so it is built once, and used offline.
"""

import json
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.home import write_atomically
from local_workspace.runtime.packages import run_uv, site_packages
from local_workspace.runtime.unused_environments import remove_unused, used

_LAYERED = "~workspace.pth"  # its name comes after those of other .pth files, so its packages come last
_SHOWN_LINES = 30

Report = Callable[[str], None]


class InstallationError(Exception):
    """The dependencies can't be installed; the message has the end of what uv printed."""


@dataclass(frozen=True)
class Environments:
    """The environments in the directory `root`."""

    root: Path

    def python(self, dependencies: Dependencies, report: Report, cancellation: Cancellation) -> Path:
        """The Python that has the dependencies, which are installed if no earlier task had the same.

        Calls `report` with what takes time. Raises InstallationError.
        """
        if not dependencies.lines:
            return Path(sys.executable)
        key = dependencies.key(_base())
        self.root.mkdir(exist_ok=True)
        place = self.root / key
        with used(place):
            if not place.exists():
                report(f"Installing {_summary(dependencies.lines)}.")
                folder = Path(tempfile.mkdtemp(prefix=f"{key}-", suffix=".unfinished", dir=self.root))
                _Build(folder, dependencies.lines, cancellation).into(place)
                remove_unused(self.root)
        return _python_in(place)


@dataclass(frozen=True)
class _Build:
    folder: Path
    lines: list[str]
    cancellation: Cancellation

    def into(self, place: Path) -> None:
        """Make the environment in `folder`, then give it its name; a process that is killed leaves no half of one.

        The folder is this build's own: uv goes on for a while in that of a process that was killed.
        """
        try:
            self._write("requirements.txt", self.lines)
            missing = self._missing()
            if missing:
                self._install(missing)
            self.folder.replace(place)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)  # of a build that failed

    def _missing(self) -> dict[str, str | None]:
        """The packages to install, with their versions, which one that is given by a path may not have."""
        arguments = ["--dry-run", "--output-format", "json", "--python", sys.executable]
        plan = json.loads(self._pip("install", *arguments, "-r", self._file("requirements.txt")).stdout)
        return {item["name"]: item.get("version") for item in plan["changes"] if item["action"] == "installed"}

    def _install(self, missing: dict[str, str | None]) -> None:
        layer = self.folder / "venv"
        self._uv("venv", "--relocatable", "--python", sys.executable, str(layer))
        present = json.loads(self._pip("list", "--format", "json", "--python", sys.executable).stdout)
        self._write("present.txt", [item["name"] for item in present if item["name"] not in missing])
        self._write("versions.txt", [f"{name}=={version}" for name, version in missing.items() if version])
        choice = ["--excludes", self._file("present.txt"), "-c", self._file("versions.txt")]
        python = str(layer / "bin" / "python")
        self._pip("install", "--python", python, *choice, "-r", self._file("requirements.txt"))
        base = site_packages(Path(sys.prefix))
        (site_packages(layer) / _LAYERED).write_text(f"import site; site.addsitedir({str(base)!r})\n")

    def _pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._uv("pip", *arguments)

    def _uv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run uv with what is cached, and if that is not enough with the network. Raises InstallationError."""
        for network in (("--offline",), ()):
            done = run_uv([*arguments, *network], stopping=self.cancellation.calling)
            if not done.returncode or self.cancellation.reason:
                break
        if done.returncode:
            tail = "\n".join(done.stderr.strip().splitlines()[-_SHOWN_LINES:])
            raise InstallationError(f"Could not install {_summary(self.lines)}:\n{tail}")
        return done

    def _file(self, name: str) -> str:
        return str(self.folder / name)

    def _write(self, name: str, lines: list[str]) -> None:
        write_atomically(self.folder / name, "".join(f"{line}\n" for line in lines))


def layer_of(python: Path) -> Path | None:
    """Where the environment with this Python has its own packages; None if it is not one over the workspace's."""
    packages = site_packages(python.parents[1])
    return packages if (packages / _LAYERED).exists() else None


def enter(python: Path) -> bool:
    """Make this process, which runs the workspace's Python, one of the environment with `python`.

    Returns False, and changes nothing, if that has a package of its own for a module that is imported already.
    """
    packages = layer_of(python)
    if packages is None or {path.name.partition(".")[0] for path in packages.iterdir()} & sys.modules.keys():
        return False
    del sys.path[sys.path.index(str(site_packages(Path(sys.prefix)))) :]
    sys.executable, sys.prefix, sys.exec_prefix = str(python), *[str(python.parents[1])] * 2
    site.addsitedir(str(packages))  # and with it, by its last .pth file, those of the workspace
    return True


def _python_in(place: Path) -> Path:
    """The Python of an environment; the workspace's if nothing had to be installed."""
    python = place / "venv" / "bin" / "python"
    return python if python.exists() else Path(sys.executable)


def _base() -> str:
    """What identifies the packages of the workspace: each change of them changes the directory that has them."""
    packages = site_packages(Path(sys.prefix))
    return f"{packages} {packages.stat().st_mtime_ns}"


def _summary(lines: list[str]) -> str:
    shown = ", ".join(lines[:3])
    return shown if len(lines) <= 3 else f"{shown} and {len(lines) - 3} more"
