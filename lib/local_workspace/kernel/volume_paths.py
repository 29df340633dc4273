"""`/Volumes/catalog/schema/volume/…` in Python's own file functions, as Databricks mounts it.

A directory `/Volumes` would need root, and belong to one workspace only. So in the processes of tasks `open`, `os` and
all that is written with them (`pathlib`, `shutil`, `glob`, pandas' CSV and JSON) take such a path for the volume's
directory. Programs and libraries that open files in C, such as `%sh` or Arrow, do not: use `dbutils.fs`, Spark or the
Files API for them, or open the file in Python first.
"""

import builtins
import errno
import io
import os
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path

from local_workspace.runtime.home import Home

_PREFIX = "/Volumes/"
_ONE_PATH = (
    *("access", "chmod", "listdir", "lstat", "mkdir", "open", "remove", "rmdir", "scandir", "stat", "truncate"),
    *("unlink", "utime", "getxattr", "listxattr", "removexattr", "setxattr"),
)
# Databricks' volumes have none of them: https://github.com/earth-mover/icechunk/issues/2341 and its #474.
_REFUSED = ("link", "rename", "replace", "symlink")


class VolumePaths:
    """Finds the directories of volumes in a home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def local(self, path: object) -> object:
        """The local path for a path in a volume of the workspace's catalog; anything else as it is."""
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if not isinstance(text, str) or not text.startswith(_PREFIX):
            return path
        catalog, _, rest = os.path.normpath(text).removeprefix(_PREFIX).partition("/")
        schema, _, inside = rest.partition("/")
        volume, _, file = inside.partition("/")
        if not volume or catalog.lower() != self._catalog():
            return path
        return str(self._home.volumes / schema.lower() / volume.lower() / file)

    def install(self) -> None:
        """Let this process's file functions take such paths."""
        for name in filter(partial(hasattr, os), _ONE_PATH):  # macOS has no extended attributes in `os`
            setattr(os, name, self._translated(getattr(os, name)))
        for name in _REFUSED:
            setattr(os, name, self._refused(getattr(os, name)))
        opened = self._opened(builtins.open)
        builtins.open = io.open = opened  # type: ignore[assignment]  # its overloads can't be written again

    def _translated(self, function: Callable[..., object]) -> Callable[..., object]:
        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            if "path" in options:
                options["path"] = self.local(options["path"])
            return function(*map(self.local, arguments[:1]), *arguments[1:], **options)

        return self._supporting(function, call)

    def _refused(self, function: Callable[..., object]) -> Callable[..., object]:
        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            paths = (*arguments[:2], *(options[name] for name in ("src", "dst") if name in options))
            if any(self.local(path) is not path for path in paths):
                raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(paths[0]), None, str(paths[-1]))
            return function(*arguments, **options)

        return self._supporting(function, call)

    def _supporting(self, function: Callable[..., object], call: Callable[..., object]) -> Callable[..., object]:
        """`call`, which `os` says supports what `function` does."""
        for supported in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if function in supported:
                supported.add(call)
        return call

    def _opened(self, function: Callable[..., object]) -> Callable[..., object]:
        @wraps(function)
        def call(file: object, mode: str = "r", *arguments: object, **options: object) -> object:
            place = self.local(file)
            if place is not file and set(mode) & {"a", "+"}:
                # https://docs.databricks.com/aws/en/files/#volumes-limitations
                raise OSError(errno.EOPNOTSUPP, "Volumes take no appends or random writes; write a new file", str(file))
            return function(place, mode, *arguments, **options)

        return call

    def _catalog(self) -> str:
        try:
            return self._home.catalog_name.read_text().lower()
        except FileNotFoundError:
            return ""


def install() -> None:
    """Do so for the workspace that started this process, if one did."""
    if root := os.environ.get("LOCAL_WORKSPACE_HOME"):
        VolumePaths(Home(Path(root))).install()
