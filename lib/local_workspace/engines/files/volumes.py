"""Files in volumes, by their `/Volumes/catalog/schema/volume/…` path."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from local_workspace.engines.catalog import CatalogEngine
from local_workspace.runtime.errors import already_exists, invalid, not_found


class VolumeFiles:
    """Reads and writes the files of volumes; a path can't leave its volume."""

    def __init__(self, catalog: CatalogEngine) -> None:
        self._catalog = catalog

    def resolve(self, path: str) -> Path:
        """The local path of a volume path. Raises ApiError for another path or an unknown volume."""
        parts = [part for part in path.split("/") if part]
        if len(parts) < 4 or parts[0] != "Volumes" or ".." in parts:
            raise invalid(f"'{path}' is not a path in a volume: /Volumes/<catalog>/<schema>/<volume>/…")
        volume = self._catalog.get_volume(".".join(parts[1:4]))
        return self._catalog.volume_path(volume["schema_name"], volume["name"]).joinpath(*parts[4:])

    def existing(self, path: str) -> Path:
        """The local path of a file or directory that exists. Raises ApiError otherwise."""
        local = self.resolve(path)
        if not local.exists():
            raise not_found(f"'{path}' does not exist")
        return local

    async def write(self, path: str, chunks: AsyncIterator[bytes], overwrite: bool) -> None:
        """Write a file, whole or not at all. Raises ApiError if it exists and `overwrite` is not set."""
        local = self.resolve(path)
        if local.exists() and not overwrite:
            raise already_exists(f"'{path}' already exists; set overwrite to replace it")
        local.parent.mkdir(parents=True, exist_ok=True)
        unfinished = local.with_name(f"_{local.name}.{secrets.token_hex(4)}")
        try:
            with unfinished.open("wb") as file:
                async for chunk in chunks:
                    file.write(chunk)
            unfinished.replace(local)
        finally:
            unfinished.unlink(missing_ok=True)

    def delete_file(self, path: str) -> None:
        """Remove a file."""
        self.existing(path).unlink()

    def make_directory(self, path: str) -> None:
        """Make a directory and its parents; it may exist."""
        self.resolve(path).mkdir(parents=True, exist_ok=True)

    def delete_directory(self, path: str) -> None:
        """Remove an empty directory."""
        local = self.existing(path)
        if any(local.iterdir()):
            raise invalid(f"'{path}' is not empty")
        shutil.rmtree(local)

    def list_directory(self, path: str) -> list[dict]:
        """What is in a directory, by name: path, is_directory, file_size (bytes), last_modified (ms)."""
        local = self.existing(path)
        with os.scandir(local) as entries:
            return [_entry(path.rstrip("/"), entry) for entry in sorted(entries, key=lambda entry: entry.name)]


def _entry(parent: str, entry: os.DirEntry) -> dict:
    stat = entry.stat()
    return {
        "path": f"{parent}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(),
        "file_size": None if entry.is_dir() else stat.st_size,
        "last_modified": int(stat.st_mtime * 1000),
    }
