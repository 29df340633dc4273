"""Files in volumes, by their `/Volumes/catalog/schema/volume/…` path."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol, TypedDict

from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.partial_files import PartialFiles

# A file system takes names of 255 bytes.
MAX_NAME, MAX_PATH, MAX_DEPTH = 240, 2048, 100


class DirectoryEntry(TypedDict):
    """A file or directory in a listing; `file_size` in bytes, `last_modified` in ms."""

    path: str
    name: str
    is_directory: bool
    file_size: int | None
    last_modified: int


class Volumes(Protocol):
    """What lies under /Volumes, as Unity Catalog knows it."""

    def folder(self, full_name: str) -> Path:
        """The folder of the volume `catalog.schema.volume`. Raises ApiError 404."""

    def names_in(self, *parts: str) -> Sequence[tuple[str, int]]:
        """Names and times (ms) in /Volumes, or in the catalog or schema that `parts` name. Raises ApiError 404."""


class VolumeFiles:
    """Reads and writes the files of volumes; a path can't leave its volume."""

    def __init__(self, volumes: Volumes, partial: PartialFiles) -> None:
        self._volumes, self._partial = volumes, partial

    def resolve(self, path: str) -> Path:
        """The local path of a volume path. Raises ApiError for another path or an unknown volume."""
        parts = [part for part in path.split("/") if part]
        if len(parts) < 4 or parts[0] != "Volumes" or ".." in parts or "\0" in path:
            raise invalid(f"'{path[:80]}' is not a path in a volume: /Volumes/<catalog>/<schema>/<volume>/…")
        _check_length(path, parts)
        return self._volumes.folder(".".join(parts[1:4])).joinpath(*parts[4:])

    def writable(self, path: str) -> Path:
        """As `resolve`, for a file or directory that is about to be changed."""
        return self.resolve(path)

    def existing(self, path: str) -> Path:
        """The local path of a file or directory that exists. Raises ApiError otherwise."""
        local = self.resolve(path)
        if not local.exists():
            raise not_found(f"'{path}' does not exist")
        return local

    def file(self, path: str) -> Path:
        """The local path of a file. Raises ApiError if there is none."""
        local = self.existing(path)
        if not local.is_file():
            raise not_found(f"'{path}' is not a file")
        return local

    def directory(self, path: str) -> Path:
        """The local path of a directory. Raises ApiError if there is none."""
        local = self.existing(path)
        if not local.is_dir():
            raise not_found(f"'{path}' is not a directory")
        return local

    async def write(self, path: str, chunks: AsyncIterator[bytes], overwrite: bool) -> None:
        """Write a file, whole or not at all. Raises ApiError if it exists and `overwrite` is not set."""
        local = self.writable(path)
        if local.is_dir():
            raise already_exists(f"'{path}' is a directory")
        if local.exists() and not overwrite:
            raise already_exists(f"'{path}' already exists; set overwrite to replace it")
        _make(local.parent)
        with self._partial.writing(local) as file:
            async for chunk in chunks:
                file.write(chunk)

    def delete_file(self, path: str) -> None:
        """Remove a file. Raises ApiError if there is none."""
        self.writable(path)
        self.file(path).unlink()

    def make_directory(self, path: str) -> None:
        """Create a directory and its parents; it may exist. Raises ApiError if one of them is a file."""
        _make(self.writable(path))

    def delete_directory(self, path: str) -> None:
        """Remove an empty directory. Raises ApiError for any other."""
        self.writable(path)
        local = self.directory(path)
        if any(local.iterdir()):
            raise invalid(f"'{path}' is not empty")
        shutil.rmtree(local)

    def directory_changed(self, path: str) -> float:
        """When a directory was changed, in seconds since 1970; also /Volumes, a catalog and a schema.

        Raises ApiError if it is none.
        """
        if (above := self._above_volumes(path)) is not None:
            return max((changed_at / 1000 for _, changed_at in above), default=0)
        return self.directory(path).stat().st_mtime

    def list_directory(self, path: str) -> list[DirectoryEntry]:
        """What is in a directory, by name; also in /Volumes, a catalog and a schema. Raises ApiError if it is none."""
        if (above := self._above_volumes(path)) is not None:
            return [_above_volumes(path.rstrip("/"), *found) for found in above]
        local = self.directory(path)
        with os.scandir(local) as entries:
            return [_entry(path.rstrip("/"), entry) for entry in sorted(entries, key=lambda entry: entry.name)]

    def _above_volumes(self, path: str) -> Sequence[tuple[str, int]] | None:
        """Names and times (ms) in /Volumes, a catalog or a schema; None for another path. Raises ApiError 404."""
        parts = [part for part in path.split("/") if part]
        if parts[:1] == ["Volumes"] and len(parts) <= 3 and ".." not in parts and "\0" not in path:  # noqa: PLR2004
            return self._volumes.names_in(*parts[1:])
        return None


def _check_length(path: str, parts: Sequence[str]) -> None:
    if len(parts) > MAX_DEPTH or len(path.encode()) > MAX_PATH or any(len(part.encode()) > MAX_NAME for part in parts):
        raise invalid(
            f"The path '{path[:80]}…' is too long: a name has at most {MAX_NAME} bytes, a path {MAX_PATH} bytes and "
            f"{MAX_DEPTH} directories."
        )


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise invalid(f"Can't make the directory '{directory.name}': a file is in its place or above it") from error


def _above_volumes(parent: str, name: str, changed_at: int) -> DirectoryEntry:
    """A catalog, schema or volume in a listing."""
    return {
        "path": f"{parent}/{name}",
        "name": name,
        "is_directory": True,
        "file_size": None,
        "last_modified": changed_at,
    }


def _entry(parent: str, entry: os.DirEntry[str]) -> DirectoryEntry:
    stat = entry.stat()
    return {
        "path": f"{parent}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(),
        "file_size": None if entry.is_dir() else stat.st_size,
        "last_modified": int(stat.st_mtime * 1000),
    }
