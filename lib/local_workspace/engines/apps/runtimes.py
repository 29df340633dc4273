"""The environments in which apps run: their own, as on the platform, or the workspace's where theirs can't be made."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_workspace.engines.apps import node
from local_workspace.engines.apps.dependencies import Dependencies, read_dependencies
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.python_environments import (
    EnvironmentProblem,
    NoSuchPython,
    PythonEnvironments,
    satisfied,
)

_OWN_VERSION = ".".join(map(str, sys.version_info[:2]))


@dataclass(frozen=True)
class Runtime:
    """An environment's folder of programs, and what its app's users should know about it; empty if nothing."""

    programs: Path
    note: str = ""


class Runtimes:
    """Makes the environments of apps, each once for the same dependencies."""

    def __init__(self, environments: PythonEnvironments) -> None:
        self._environments = environments

    def prepare(self, folder: Path, command: Sequence[str]) -> Runtime:
        """The environment for the code in `folder` and its command. Raises 400 with the installer's words."""
        if node.is_node(folder):
            node.install(folder)
        wanted = read_dependencies(folder)
        try:
            return self._python(wanted, folder, command)
        except NoSuchPython:
            runtime = self._python(wanted, folder, command, sys.executable)
            missing = f"There is no Python {wanted.python} on this machine: the app runs on {_OWN_VERSION}."
            return Runtime(runtime.programs, f"{missing} {runtime.note}".strip())

    def _python(self, wanted: Dependencies, folder: Path, command: Sequence[str], python: str | None = None) -> Runtime:
        recipe = wanted.recipe(folder, command, python)
        try:
            return Runtime(self._environments.ensure(recipe) / "bin")
        except NoSuchPython:
            raise
        except EnvironmentProblem as problem:
            if recipe.locked or not all(satisfied(sys.executable, one, folder) for one in recipe.installs[-1:]):
                raise invalid(str(problem)) from None
            return Runtime(
                Path(sys.executable).parent,
                f"Its packages can't be installed now: it runs on the workspace's own, with Python {_OWN_VERSION}.",
            )
