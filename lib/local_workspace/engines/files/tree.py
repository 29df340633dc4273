"""Files that the Files API reads and writes, whatever their paths mean."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypedDict

from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.partial_files import PartialFiles

# A file system takes names of 255 bytes; Spark adds five to that of a checksum.
_MAX_NAME, _MAX_PATH, _MAX_DEPTH = 250, 2048, 100


class DirectoryEntry(TypedDict):
    """A file or directory in a listing; `file_size` in bytes, `last_modified` in ms."""

    path: str
    name: str
    is_directory: bool
    file_size: int | None
    last_modified: int


class FileTree(ABC):
    """Files and directories by the paths of the Files API; uploads are in `partial` until they are whole."""

    def __init__(self, partial: PartialFiles) -> None:
        self._partial = partial

    @abstractmethod
    def resolve(self, path: str) -> Path:
        """The local path of a path. Raises ApiError for one that can't be here."""

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
        """When a directory was changed, in seconds since 1970. Raises ApiError if it is none."""
        return self.directory(path).stat().st_mtime

    def list_directory(self, path: str) -> list[DirectoryEntry]:
        """What is in a directory, by name. Raises ApiError if it is none."""
        local = self.directory(path)
        with os.scandir(local) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        return [shown for entry in found if (shown := _entry(path.rstrip("/"), entry))]


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise invalid(f"Can't make the directory '{directory.name}': a file is in its place or above it") from error


def check_length(path: str) -> None:
    """Raise ApiError 400 for a path that a file system does not take."""
    parts = [part for part in path.split("/") if part]
    longest = max((len(part.encode()) for part in parts), default=0)
    if len(parts) > _MAX_DEPTH or len(path.encode()) > _MAX_PATH or longest > _MAX_NAME:
        raise invalid(
            f"The path '{path[:80]}…' is too long: a name has at most {_MAX_NAME} bytes, a path {_MAX_PATH} bytes and "
            f"{_MAX_DEPTH} directories."
        )


def _entry(parent: str, entry: os.DirEntry[str]) -> DirectoryEntry | None:
    """An entry of a listing; None if it is gone meanwhile, or a link that leads nowhere."""
    try:
        stat = entry.stat()
    except FileNotFoundError:
        return None
    return {
        "path": f"{parent}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(),
        "file_size": None if entry.is_dir() else stat.st_size,
        "last_modified": int(stat.st_mtime * 1000),
    }
