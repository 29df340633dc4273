"""Python environments for tasks and models: the packages that one asks for, over those of the workspace.

An environment is a virtual environment that holds only what the workspace's own environment lacks or has in another
version; what it holds wins. uv decides what that is, preferring versions that are installed. Each is kept under a key
of its requirements, the files that they name, and the packages of the workspace; so it is built once, and used offline.

Below that it has all packages of the workspace, or links to some of them. Then it does not have the others: neither
their modules, nor their metadata. It still has their programs on PATH, and in a fork what shares a namespace with a
package that is imported already.
"""

import json
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from packaging.requirements import Requirement

from local_workspace.runtime import package_views
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.home import write_atomically
from local_workspace.runtime.packages import run_uv, site_packages
from local_workspace.runtime.unused_environments import remove_unused, used

_LAYERED = "~workspace.pth"  # its name comes after those of other .pth files, so its packages come last
_OURS = "+workspace.pth"  # and this before: a package that is built of this project has not its programs' modules
_HERE = Path(__file__).parents[1]
# What a task's process and its kernel import besides what they run.
_OWN = ("databricks-connect", "databricks-sdk", "ipykernel", "nbformat", "uv")
_SHOWN_LINES = 30

Report = Callable[[str], None]


class InstallationError(Exception):
    """The dependencies can't be installed; the message has the end of what uv printed."""


@dataclass(frozen=True)
class Environments:
    """The environments in the directory `root`."""

    root: Path

    def python(
        self,
        dependencies: Dependencies,
        report: Report,
        cancellation: Cancellation,
        given: Collection[str] | None = None,
    ) -> Path:
        """The Python that has the dependencies, which are installed if no earlier task had the same.

        Of the workspace's packages it has those in `given` and what these and the dependencies bring; all of them
        unless given. Calls `report` with what takes time. Raises InstallationError.
        """
        if not dependencies.lines and given is None:
            return Path(sys.executable)
        key = dependencies.key(_base(given))
        self.root.mkdir(exist_ok=True)
        place = self.root / key
        with used(place):
            if not place.exists():
                if dependencies.lines:
                    report(f"Installing {_summary(dependencies.lines)}.")
                folder = Path(tempfile.mkdtemp(prefix=f"{key}-", suffix=".unfinished", dir=self.root))
                _Build(folder, place, dependencies.lines, given, cancellation).make()
                remove_unused(self.root)
        return _python_in(place)


@dataclass(frozen=True)
class _Build:
    folder: Path
    place: Path
    lines: list[str]
    given: Collection[str] | None
    cancellation: Cancellation

    def make(self) -> None:
        """Make the environment in `folder`, then move it to `place`; a process that is killed leaves no half of one.

        The folder is this build's own: uv goes on for a while in that of a process that was killed.
        """
        try:
            self._write("requirements.txt", self.lines)
            missing = self._missing()
            if missing or self.given is not None:
                self._layer(missing)
            self.folder.replace(self.place)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)  # of a build that failed

    def _missing(self) -> dict[str, str | None]:
        """The packages to install, with their versions, which one that is given by a path may not have."""
        if not self.lines:
            return {}
        arguments = ["--dry-run", "--output-format", "json", "--python", sys.executable]
        plan = json.loads(self._pip("install", *arguments, "-r", self._file("requirements.txt")).stdout)
        return {item["name"]: item.get("version") for item in plan["changes"] if item["action"] == "installed"}

    def _layer(self, missing: dict[str, str | None]) -> None:
        layer = self.folder / "venv"
        self._uv("venv", "--relocatable", "--python", sys.executable, str(layer))
        if missing:
            self._install(missing, layer)
        packages, below = site_packages(layer), site_packages(Path(sys.prefix))
        if self.given is not None:
            self._link(package_views.installed_in(packages))
            (packages / _OURS).write_text(f"{self.place / 'own'}\n")
            below = self.place / "workspace"
        (packages / _LAYERED).write_text(f"import site; site.addsitedir({str(below)!r})\n")

    def _link(self, layer: package_views.Found) -> None:
        """Make the folders with the workspace's own package, and with what is seen of its environment's."""
        required = package_views.required(self.lines, layer)
        named = map(Requirement, (*layer, *(self.given or ()), *_OWN))
        seen = package_views.closure([*required, *named], layer)
        package_views.link(self.folder / "workspace", (seen[name] for name in seen.keys() - layer.keys()))
        (self.folder / "own").mkdir()
        (self.folder / "own" / _HERE.name).symlink_to(_HERE)

    def _install(self, missing: dict[str, str | None], layer: Path) -> None:
        present = json.loads(self._pip("list", "--format", "json", "--python", sys.executable).stdout)
        self._write("present.txt", [item["name"] for item in present if item["name"] not in missing])
        self._write("versions.txt", [f"{name}=={version}" for name, version in missing.items() if version])
        choice = ["--excludes", self._file("present.txt"), "-c", self._file("versions.txt")]
        python = str(layer / "bin" / "python")
        self._pip("install", "--python", python, *choice, "-r", self._file("requirements.txt"))

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
    below = sys.path.index(str(site_packages(Path(sys.prefix))))
    left = sys.path[below:]
    del sys.path[below:]
    sys.executable, sys.prefix, sys.exec_prefix = str(python), *[str(python.parents[1])] * 2
    site.addsitedir(str(packages))  # and with it, by its last .pth file, those of the workspace
    _forget_lost(left)
    return True


def _forget_lost(left: Collection[str]) -> None:
    """Forget the modules from the paths that this process has left, if they are not on its path any more."""
    for name in {each.partition(".")[0] for each in sys.modules}:
        if _place_of(name) in left and PathFinder.find_spec(name) is None:
            for lost in [each for each in sys.modules if each.partition(".")[0] == name]:
                del sys.modules[lost]


def _place_of(name: str) -> str | None:
    """The folder from which a top-level module was imported; None if it is of no file."""
    module = sys.modules.get(name)
    if path := list(getattr(module, "__path__", ())):
        return str(Path(path[0]).parent)
    file = getattr(module, "__file__", None)
    return str(Path(file).parent) if file else None


def _python_in(place: Path) -> Path:
    """The Python of an environment; the workspace's if nothing had to be installed."""
    python = place / "venv" / "bin" / "python"
    return python if python.exists() else Path(sys.executable)


def _base(given: Collection[str] | None) -> str:
    """What identifies the packages of the workspace: each change of them changes the directory that has them."""
    packages = site_packages(Path(sys.prefix))
    seen = "" if given is None else f" {sorted(given)}"
    return f"{packages} {packages.stat().st_mtime_ns}{seen}"


def _summary(lines: list[str]) -> str:
    shown = ", ".join(lines[:3])
    return shown if len(lines) <= 3 else f"{shown} and {len(lines) - 3} more"
