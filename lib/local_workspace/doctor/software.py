"""The software: this Python, its packages, Java, Spark and Postgres."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_workspace.doctor.finding import Finding, failed, ok, warning
from local_workspace.engines.postgres.account import as_account
from local_workspace.runtime import environment, software, spark_extension
from local_workspace.runtime.home import existing

_SECONDS = 60
_SHADOWED = ("pyspark", "databricks", "mlflow", "numpy", "pandas", "pyarrow")
_SYNC = "Run `uv sync` in the project's folder."
_SETUP = "Run `python -m local_workspace setup`"


def python(first: str | None = None, version: tuple[int, ...] = sys.version_info[:2]) -> Finding:
    """Whether this Python has the right version, and whether `python` in a shell is the same one."""
    first = first or shutil.which("python") or ""
    text = f"{'.'.join(map(str, version))}, {sys.executable}"
    if version != (3, 12):
        return failed("Python", text, f"Use Python 3.12. {_SYNC}")
    if first and Path(first).parent != Path(sys.executable).parent:
        return ok("Python", f"{text}; `python` alone is another one: use `uv run python`")
    return ok("Python", text)


def packages(names: Sequence[str] = _SHADOWED, ambient: Mapping[str, str] = os.environ) -> Finding:
    """Whether packages are those of this environment, and not hidden by others on PYTHONPATH."""
    folders = [Path(folder).absolute() for folder in ambient.get("PYTHONPATH", "").split(os.pathsep) if folder]
    for name in names:
        found = importlib.util.find_spec(name)
        if found is None:
            return failed("packages", f"{name} is not installed", _SYNC)
        places = [Path(place) for place in found.submodule_search_locations or []]
        if any(place.is_relative_to(folder) for place in places for folder in folders):
            return failed("packages", f"PYTHONPATH has another {name}: {places[0]}", "Unset PYTHONPATH.")
    return ok("packages", "of this environment")


def java(program: Path | None = None) -> Finding:
    """Whether the Java of this environment runs."""
    program = program or software.java()
    problem = _problem([str(program), "-version"])
    return failed("Java", f"{program} does not run: {problem}", _SYNC) if problem else ok("Java", str(program))


def spark(folder: Path | None = None, writable: bool | None = None) -> Finding:
    """Whether the Spark server and its extension are there, or can be fetched into `folder`."""
    folder = folder or software.folder()
    server = folder / software.spark_folder().name
    if software.Software(software.java(), server, spark_extension.jar(server)).complete():
        return ok("Spark", str(server))
    if os.access(existing(folder), os.W_OK | os.X_OK) if writable is None else writable:
        return warning("Spark", "not set up yet", f"{_SETUP}; otherwise the first start does.")
    return failed("Spark", f"not set up yet, and {folder} can't be written", f"{_SETUP} as the user who owns it.")


def postgres(folder: Path | None = None) -> Finding:
    """Whether Postgres' programs run, as the account that they will run as."""
    folder = folder or software.postgres_folder() / "bin"
    problem = _problem(as_account([str(folder / "postgres"), "--version"]))
    if not problem:
        return ok("Postgres", str(folder))
    return failed(
        "Postgres",
        f"{folder / 'postgres'} does not run: {problem}",
        f"Let every user read and run it: chmod -R go+rX {folder.parent}; if it is not there: {_SETUP}.",
    )


def _problem(argv: list[str]) -> str:
    """Why a program does not run; empty if it does."""
    try:
        done = subprocess.run(
            argv,
            env=environment.of_child(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr or done.stdout).strip().splitlines()[-1] if done.returncode else ""
