"""The user: name, folders, text encoding, and settings for other work in the environment."""

import contextlib
import os
import pwd
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from local_workspace.doctor.finding import Finding, failed, ok, warning
from local_workspace.runtime import environment, sockets
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import Home, check_version, existing


def user(number: int | None = None, entry: Callable[[int], pwd.struct_passwd] = pwd.getpwuid) -> Finding:
    """Whether the user id has a name: Java and Postgres don't start without one."""
    number = os.geteuid() if number is None else number
    try:
        return ok("user", f"{entry(number).pw_name} ({number})")
    except KeyError:
        return failed(
            "user",
            f"the user id {number} has no name, and Java and Postgres need one",
            f"Add the line `workspace:x:{number}:{os.getegid()}::/tmp:/bin/sh` to /etc/passwd (a container's start "
            "script can), preload libnss_wrapper.so with such a file, or run as a user that has a name.",
        )


def home(root: Path) -> Finding:
    """Whether the home can be created or used, and its disk keeps file permissions."""
    remedy = "Name another home: --home or LOCAL_WORKSPACE_HOME."
    try:
        check_version(Home(root))
        with tempfile.TemporaryDirectory(dir=existing(root)) as folder:
            Path(folder).chmod(0o700)
            mode = stat.S_IMODE(Path(folder).stat().st_mode)
    except SetupError as error:
        return failed("home", str(error), remedy)
    except OSError as error:
        return failed("home", f"{root} can't be written: {error.strerror}", remedy)
    if mode != 0o700:
        return failed("home", f"the disk of {root} does not keep permissions (as /mnt/c in WSL)", remedy)
    return ok("home", str(root))


def temporary_folder(root: Path, named: str | None = os.environ.get("TMPDIR")) -> Finding:
    """Whether there is a folder for temporary files, and a place for the home's sockets."""
    if named and not os.access(named, os.W_OK | os.X_OK):
        return warning(
            "temporary", f"TMPDIR is {named}, which can't be written", "Unset TMPDIR, or create that folder."
        )
    run = Home(root.resolve()).run
    folder = sockets.folder(run)
    try:
        with (
            tempfile.TemporaryDirectory(dir=existing(folder), prefix="s") as made,
            socket.socket(socket.AF_UNIX) as probe,
        ):
            probe.bind(str(Path(made) / "s"))
    except OSError as error:
        return failed("temporary", f"no socket can be made in {folder}: {error}", "Set TMPDIR to a folder of a disk.")
    return ok("temporary", f"{tempfile.gettempdir()}; sockets in {'the home' if folder == run else folder}")


def users_folder(folder: Path | None = None) -> Finding:
    """Whether the user's folder is writable; if it isn't, that is no failure."""
    with contextlib.suppress(RuntimeError):  # neither HOME nor an entry of the user
        folder = folder or Path.home()
    if folder and os.access(folder, os.W_OK | os.X_OK):
        return ok("HOME", str(folder))
    return ok("HOME", f"{folder} can't be written: the workspace works, Jupyter keeps no settings and no history")


def text(
    encoding: str | None = sys.stdout.encoding if sys.stdout else None, files: str = sys.getfilesystemencoding()
) -> Finding:
    """Whether names of files and the terminal, if there is one, are in UTF-8."""
    remedy = "Set LC_ALL=C.UTF-8 (macOS: en_US.UTF-8) and unset PYTHONIOENCODING."
    if files.lower() != "utf-8":
        return warning("text", f"names of files are in {files}: those with other letters may not be found", remedy)
    if (encoding or "utf-8").lower() != "utf-8":
        return warning("text", f"output is in {encoding}: some letters appear as question marks", remedy)
    return ok("text", "UTF-8")


def variables(ambient: Mapping[str, str] = os.environ) -> Finding:
    """The variables of this shell that the workspace's processes don't get."""
    hidden = sorted(ambient.keys() - environment.of_child(ambient=ambient).keys())
    if not hidden:
        return ok("variables", "none for another Spark, Python or workspace")
    return ok("variables", f"not passed on to the workspace: {', '.join(hidden)}")
