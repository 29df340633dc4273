"""What an app's folder says about its Python environment.

The rules are those of https://docs.databricks.com/aws/en/dev-tools/databricks-apps/dependencies: beside a
`requirements.txt` a `pyproject.toml` does not count, and the Python is 3.11; a `pyproject.toml` may require another.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from local_workspace.engines.apps.preinstalled import used
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.python_environments import Recipe

PYTHON = "3.11"
_LOCK = "uv.lock"
_FILES = ("requirements.txt", "pyproject.toml")


@dataclass(frozen=True)
class Dependencies:
    """The file that lists an app's packages, None if there is none, its requirements, and the Python that it wants.

    `locked` says that the versions are those of a `uv.lock`.
    """

    file: str | None
    requirements: tuple[str, ...] = ()
    python: str = PYTHON
    locked: bool = False

    def recipe(self, folder: Path, command: Sequence[str], python: str | None = None) -> Recipe:
        """The recipe of the environment for the code in `folder`, on another Python if one is given."""
        platform = used(folder, command, self.requirements)
        installs = [tuple(platform)] if platform else []
        if self.file and not self.locked:
            installs.append(("-r", self.file))
        return Recipe(python or self.python, tuple(installs), folder, self._content(folder), self.locked)

    def _lists(self, folder: Path) -> list[Path]:
        return [folder / name for name in ([self.file] if self.file else []) + ([_LOCK] if self.locked else [])]

    def _content(self, folder: Path) -> str:
        """A digest of what the installs read: of the whole folder, if the requirements lead to other files in it."""
        if self.file is None:
            return ""
        local = any(line.startswith(("-", ".", "/")) or "file:" in line for line in self.requirements)
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if local else self._lists(folder)
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
        return digest.hexdigest()


def read_dependencies(folder: Path) -> Dependencies:
    """The dependencies of the app in `folder`. Raises 400 for a pyproject.toml that can't be read."""
    file = next((name for name in _FILES if (folder / name).is_file()), None)
    if file == "requirements.txt":
        lines = (folder / file).read_text(errors="replace").splitlines()
        return Dependencies(file, tuple(line.strip() for line in lines if line.strip()))
    if file == "pyproject.toml":
        project = _project(folder / file)
        return Dependencies(file, project.dependencies, project.python or PYTHON, (folder / _LOCK).is_file())
    return Dependencies(None)


class _Project(BaseModel):
    """The part of a pyproject.toml's table `project` that counts."""

    dependencies: tuple[str, ...] = ()
    python: str | None = Field(None, alias="requires-python")


def _project(file: Path) -> _Project:
    try:
        return _Project.model_validate(tomllib.loads(file.read_text()).get("project", {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise invalid(f"pyproject.toml can't be read: {error}") from None
