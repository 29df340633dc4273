"""Python environments made by uv from recipes: each is made once, kept, and found again without a network."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from local_workspace.runtime import commands
from local_workspace.runtime.home import write_atomically
from local_workspace.runtime.unused_environments import remove_unused, used

_COMPLETE = "complete"  # the file that marks a finished environment
_TIMEOUT = 900  # seconds for one step


class EnvironmentProblem(RuntimeError):
    """An environment could not be made; the message has uv's own words."""


class NoSuchPython(EnvironmentProblem):
    """The Python that a recipe wants is not on this machine."""


@dataclass(frozen=True)
class Recipe:
    """`python` is a version or an executable, each of `installs` the arguments of one `uv pip install` in `folder`.

    With `locked`, uv installs what the folder's `uv.lock` says before these. `content` says what all of that reads
    there, so that a change of it makes another environment.
    """

    python: str
    installs: tuple[tuple[str, ...], ...]
    folder: Path
    content: str = ""
    locked: bool = False

    def key(self) -> str:
        """The same for recipes that make the same environment."""
        text = json.dumps([self.python, self.installs, self.content, self.locked])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class PythonEnvironments:
    """The environments in the folder `root`. Several processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def ensure(self, recipe: Recipe) -> Path:
        """The folder of the recipe's environment, made if it isn't there. Raises EnvironmentProblem.

        It is made in a folder of its own, and gets its name once it is whole: uv goes on for a while in the folder of a
        process that was killed, which must not be one that another uses.
        """
        target = self._root / recipe.key()
        self._root.mkdir(parents=True, exist_ok=True)
        with used(target):
            if not (target / _COMPLETE).exists():
                shutil.rmtree(target, ignore_errors=True)
                self._make(target, recipe)
                remove_unused(self._root)
        return target

    def _make(self, target: Path, recipe: Recipe) -> None:
        folder = Path(tempfile.mkdtemp(prefix=f"{target.name}-", suffix=".unfinished", dir=self._root))
        try:
            _fill(folder, recipe)
            write_atomically(folder / _COMPLETE, "")
            folder.replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # of a build that failed


def shared_root(home: Path) -> Path:
    """The folder for environments that all homes share, in this Python's own; in `home` where that can't be written."""
    prefix = Path(sys.prefix)
    return (prefix / "share" / "local_workspace" if os.access(prefix, os.W_OK) else home) / "environments"


def satisfied(python: str, install: Sequence[str], folder: Path) -> bool:
    """Whether the environment of the executable `python` already has what an install would bring."""
    done = _uv(["pip", "install", "--offline", "--dry-run", "--python", python, *install], folder)
    return done.returncode == 0 and "Would install" not in done.stdout


def _fill(target: Path, recipe: Recipe) -> None:
    """Make a virtual environment in an empty folder; its programs find their Python wherever it is moved."""
    command = ["venv", "--relocatable", "--no-python-downloads", "--no-project", "--python", recipe.python]
    made = _uv([*command, str(target)], recipe.folder)
    if made.returncode:
        raise NoSuchPython(f"There is no Python {recipe.python} on this machine:\n{commands.tail(made)}")
    if recipe.locked:
        _run(target, ["sync", "--frozen", "--no-dev", "--no-install-project", "--inexact"], [], recipe.folder)
    for install in recipe.installs:
        _run(target, ["pip", "install", "--python", str(target)], install, recipe.folder)


def _run(target: Path, command: Sequence[str], arguments: Sequence[str], folder: Path) -> None:
    argv = [*command, "--compile-bytecode", *arguments]
    done = _uv(argv, folder, {"UV_PROJECT_ENVIRONMENT": str(target)})
    # Without a network uv's own cache may have everything, though not fresh enough to use unasked.
    if done.returncode and _uv([*argv, "--offline"], folder, {"UV_PROJECT_ENVIRONMENT": str(target)}).returncode:
        named = " ".join(["uv", *command[:2], *arguments])
        raise EnvironmentProblem(f"`{named}` failed:\n{commands.tail(done)}")


def _uv(argv: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return commands.run([find_uv_bin(), *argv], folder, more, _TIMEOUT)
