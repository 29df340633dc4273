"""The files of model versions, by their `/Models/catalog/schema/model/version/…` path."""

from pathlib import Path

from local_workspace.engines.files import FileTree, check_length
from local_workspace.engines.models.engine import ModelsEngine
from local_workspace.runtime.errors import ApiError, invalid
from local_workspace.runtime.partial_files import PartialFiles

ROOT = "Models"
_VERSION_LEVELS = 5


class ModelFiles(FileTree):
    """Reads the files of model versions, and writes them until a version is registered."""

    def __init__(self, models: ModelsEngine, partial: PartialFiles) -> None:
        super().__init__(partial)
        self._models = models

    def resolve(self, path: str) -> Path:
        """The local path of a file of a version. Raises ApiError 400 for another path, 404 for an unknown version."""
        name, version, rest = _parsed(path)
        self._models.version(name, version)
        return self._models.folder(name, version).joinpath(*rest)

    def writable(self, path: str) -> Path:
        """As `resolve`. Raises ApiError 400 if the version is registered: its files stay as they are."""
        name, version, _ = _parsed(path)
        if self._models.version(name, version)["status"] == "READY":
            raise ApiError(400, "INVALID_STATE", f"Version {version} of {name} is registered: its files can't change.")
        return self.resolve(path)


def _parsed(path: str) -> tuple[str, int, list[str]]:
    check_length(path)
    parts = [part for part in path.split("/") if part]
    if len(parts) < _VERSION_LEVELS or ".." in parts or "\0" in path or not parts[4].isdecimal():
        raise invalid(f"'{path[:80]}' is not a path of a model: /Models/<catalog>/<schema>/<model>/<version>/…")
    return ".".join(parts[1:4]), int(parts[4]), parts[5:]
