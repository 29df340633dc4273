"""Files in volumes, by their `/Volumes/catalog/schema/volume/…` path."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from local_workspace.engines.files.tree import DirectoryEntry, FileTree, check_length
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.partial_files import PartialFiles


class Volumes(Protocol):
    """What lies under /Volumes, as Unity Catalog knows it."""

    def folder(self, full_name: str) -> Path:
        """The folder of the volume `catalog.schema.volume`. Raises ApiError 404."""

    def names_in(self, *parts: str) -> Sequence[tuple[str, int]]:
        """Names and times (ms) in /Volumes, or in the catalog or schema that `parts` name. Raises ApiError 404."""


class VolumeFiles(FileTree):
    """Reads and writes the files of volumes; a path can't leave its volume."""

    def __init__(self, volumes: Volumes, partial: PartialFiles) -> None:
        super().__init__(partial)
        self._volumes = volumes

    def resolve(self, path: str) -> Path:
        """The local path of a volume path. Raises ApiError for another path or an unknown volume."""
        parts = [part for part in path.split("/") if part]
        if len(parts) < 4 or parts[0] != "Volumes" or ".." in parts or "\0" in path:
            raise invalid(f"'{path[:80]}' is not a path in a volume: /Volumes/<catalog>/<schema>/<volume>/…")
        check_length(path)
        return self._volumes.folder(".".join(parts[1:4])).joinpath(*parts[4:])

    def directory_changed(self, path: str) -> float:
        """As of any directory; also of /Volumes, a catalog and a schema."""
        if (above := self._above_volumes(path)) is not None:
            return max((changed_at / 1000 for _, changed_at in above), default=0)
        return super().directory_changed(path)

    def list_directory(self, path: str) -> list[DirectoryEntry]:
        """As of any directory; also of /Volumes, a catalog and a schema."""
        if (above := self._above_volumes(path)) is not None:
            return [_above_volumes(path.rstrip("/"), *found) for found in above]
        return super().list_directory(path)

    def _above_volumes(self, path: str) -> Sequence[tuple[str, int]] | None:
        """Names and times (ms) in /Volumes, a catalog or a schema; None for another path. Raises ApiError 404."""
        parts = [part for part in path.split("/") if part]
        if parts[:1] == ["Volumes"] and len(parts) <= 3 and ".." not in parts and "\0" not in path:  # noqa: PLR2004
            return self._volumes.names_in(*parts[1:])
        return None


def _above_volumes(parent: str, name: str, changed_at: int) -> DirectoryEntry:
    """A catalog, schema or volume in a listing."""
    return {
        "path": f"{parent}/{name}",
        "name": name,
        "is_directory": True,
        "file_size": None,
        "last_modified": changed_at,
    }
