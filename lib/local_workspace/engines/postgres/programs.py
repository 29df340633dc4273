"""Postgres' programs, and the one that makes a data directory."""

import subprocess
from pathlib import Path

from local_workspace.engines.postgres.account import as_account
from local_workspace.runtime import environment, software

PG_VERSION = 18
ADMIN = "postgres"


def programs() -> Path:
    """The directory of Postgres' programs. Raises RuntimeError if they are not set up."""
    found = software.postgres_folder() / "bin"
    if not found.is_dir():
        raise RuntimeError("Postgres is not set up: run `python -m local_workspace setup`.")
    return found


def initdb(data: Path, password_file: Path) -> None:
    """Make a data directory at `data` whose administrator has the password in the file. Raises RuntimeError."""
    argv = [
        str(programs() / "initdb"),
        "-D",
        str(data),
        "-U",
        ADMIN,
        "--pwfile",
        str(password_file),
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ]
    done = subprocess.run(
        as_account(argv),
        cwd=data.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment.of_child({"LC_ALL": "C"}),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb could not make {data.parent}:\n{done.stdout}")
