"""One home directory holds everything a workspace writes."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_workspace.runtime import sockets
from local_workspace.runtime.errors import SetupError

VERSION = 3
MIN_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Home:
    """The directory `root` and the paths in it. Created by `open_home`."""

    root: Path

    @property
    def tables(self) -> Path:
        """Spark's warehouse: table `s.t` lies in `tables/s.db/t`."""
        return self.root / "tables"

    @property
    def catalog_name(self) -> Path:
        """The file with the catalog's name, for the Spark server; missing before there is a catalog."""
        return self.root / "catalog"

    @property
    def catalog_notes(self) -> Path:
        """The file with what the Spark server needs to know of the catalog's owners, volumes and grants."""
        return self.root / "catalog.json"

    @property
    def metastore_changes(self) -> Path:
        """The file in which the Spark server counts the changes of its metastore; missing until it does."""
        return self.run / "metastore.json"

    @property
    def volumes(self) -> Path:
        """Volumes, as `volumes/<schema>/<volume>/`."""
        return self.root / "volumes"

    @property
    def models(self) -> Path:
        """The files of registered models, as `models/<catalog>/<schema>/<model>/<version>/`."""
        return self.root / "models"

    @property
    def workspace_files(self) -> Path:
        """Workspace files and notebooks, under their workspace paths."""
        return self.root / "workspace"

    @property
    def postgres(self) -> Path:
        """Data directories of the Postgres instances."""
        return self.root / "postgres"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.root / "mlflow"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def runs(self) -> Path:
        """Executed notebooks of job runs."""
        return self.root / "runs"

    @property
    def run(self) -> Path:
        """Process ids of the running processes."""
        return self.root / "run"

    def socket(self, name: str) -> Path:
        """The unix socket of `name`, in `run` or, where that path is too long for a socket, in a temporary folder."""
        return sockets.folder(self.run) / sockets.socket_file(name)

    @property
    def database(self) -> Path:
        """The SQLite file with the documents of all resources."""
        return self.root / "workspace.db"

    @property
    def connection(self) -> Path:
        """The file with the running workspace's addresses and token; only its user can read it."""
        return self.root / "connection.json"

    @property
    def secrets(self) -> Path:
        """The workspace's token and ports; only its user can read it."""
        return self.root / "secrets.json"


def open_home(root: Path) -> Home:
    """The home at `root`, created if it doesn't exist.

    Raises SetupError if it was written by another version, the disk is nearly full, its path can't be used, or sockets
    have no safe place.
    """
    home = Home(root.resolve())
    if ";" in str(home.root):  # Spark's metastore would be outside of it: its address ends at one
        raise SetupError(f"The path of the workspace home {home.root} has a ';'. Name another one.")
    check_version(home)
    _check_space(home)
    for folder in (
        home.tables,
        home.volumes,
        home.workspace_files,
        home.postgres,
        home.mlflow,
        home.logs,
        home.runs,
        home.run,
    ):
        folder.mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o700)
    home.run.chmod(0o700)  # of its sockets, which web servers open to everyone
    sockets.prepare(home.run)
    write_atomically(home.root / "VERSION", str(VERSION))
    return home


def check_version(home: Home) -> None:
    """Raise SetupError if another version wrote the home, or its directory holds something else."""
    mark = home.root / "VERSION"
    if mark.exists():
        found = mark.read_text().strip()
        if found != str(VERSION):
            raise SetupError(
                f"The workspace home {home.root} was written by version {found}, this is version {VERSION}. "
                f"Set LOCAL_WORKSPACE_HOME to an empty directory, or remove this one."
            )
    elif home.root.exists() and any(home.root.iterdir()):
        raise SetupError(
            f"{home.root} is not empty and no workspace home. Set LOCAL_WORKSPACE_HOME to an empty directory."
        )


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text` to `path` whole or not at all, readable by `mode`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # a part of a file for which a disk had no room would take some for ever


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, or None if the file isn't there. Raises SetupError if it holds anything else."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SetupError(f"{path} is damaged: {error}") from error
    if not isinstance(found, dict):
        raise SetupError(f"{path} is damaged: it holds no JSON object")
    return found


def existing(folder: Path) -> Path:
    """`folder`, or the nearest folder above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def free_bytes(folder: Path) -> int:
    """The free space on the disk of `folder`, which need not exist."""
    stats = os.statvfs(existing(folder))
    return stats.f_bavail * stats.f_frsize


def _check_space(home: Home) -> None:
    free = free_bytes(home.root)
    if free < MIN_FREE_BYTES:
        raise SetupError(
            f"Only {free / 1024**3:.1f} GiB are free on the disk of {home.root}; the workspace needs "
            f"{MIN_FREE_BYTES / 1024**3:.0f} GiB. Free some space, or set LOCAL_WORKSPACE_HOME to another disk."
        )
