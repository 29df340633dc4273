"""The Python in which a model runs: the workspace's, or one with the packages that the model's requirements name."""

import logging
import sys
from pathlib import Path
from typing import Protocol

from local_workspace.engines.serving.requirements import lines, unmet
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.layered_environments import InstallationError, Report

_log = logging.getLogger(__name__)


class Environments(Protocol):
    """What makes environments: local_workspace.runtime.layered_environments.Environments."""

    def python(self, dependencies: Dependencies, report: Report, cancellation: Cancellation) -> Path:
        """The Python that has the dependencies. Raises InstallationError."""


class ModelEnvironments:
    """Finds the Python for the model in a folder; `environments` makes those that differ from the workspace's."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def python(self, folder: Path, cancellation: Cancellation) -> Path:
        """The Python of the model in `folder`; installs what it lacks. Raises RuntimeError if that fails."""
        lacking = unmet(folder)
        if not lacking:
            return Path(sys.executable)
        dependencies = Dependencies(_nowhere)
        dependencies.add(lines(folder), folder)
        try:
            return self._environments.python(dependencies, _log.info, cancellation)
        except InstallationError as error:
            raise RuntimeError(f"The model needs {', '.join(lacking)}. {error}") from error


def _nowhere(path: str) -> Path:
    raise not_found(f"A model's requirements name {path}, but a model has only the files that were logged with it.")
