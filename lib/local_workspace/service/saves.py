"""Saved homes: copies beside the home, which come back to the same place.

A home has its own path in it (its Python environments and models do), so a saved one can be loaded there only. Where
the filesystem can share blocks between files (btrfs, XFS), a copy takes no space until one of the two changes.
"""

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import Home, check_version
from local_workspace.service import control

Report = Callable[[str], None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CLONE = 0x40049409  # FICLONE of Linux' ioctl_ficlonerange(2)
_UNFINISHED = ".unfinished-"


def folder(root: Path) -> Path:
    """Where the saved homes of `root` are."""
    home = root.resolve()
    return home.with_name(f"{home.name}.saved")


def names(root: Path) -> list[str]:
    """The names of the saved homes."""
    found = folder(root).iterdir() if folder(root).exists() else ()
    return sorted(path.name for path in found if path.is_dir() and _NAME.fullmatch(path.name))


def save(root: Path, name: str, report: Report) -> Path:
    """Keep a copy of the home at `root` as `name`, whole or not at all; returns its folder.

    Raises SetupError if the workspace runs, there is no home, the name is taken or not allowed, or the disk is full.
    """
    target = _place(root, name)
    if target.exists():
        raise SetupError(f"{name} is saved already, in {target}. Choose another name, or remove that folder.")
    home = _home(root)
    with _stopped(home):
        target.parent.mkdir(mode=0o700, exist_ok=True)
        report(f"Copying {home.root} …")
        _copy(home.root, target)
    return target


def load(root: Path, name: str, replace: bool, report: Report) -> None:
    """Bring the saved home `name` back to `root`, whole or not at all; with `replace` what is there is dropped.

    Raises SetupError if the workspace runs, nothing is saved as `name`, or there is a home and `replace` is not given.
    """
    source, home = _place(root, name), Home(root.resolve())
    if not source.is_dir():
        known = ", ".join(names(root)) or "nothing"
        raise SetupError(f"Nothing is saved as {name}; saved in {folder(root)}: {known}.")
    check_version(Home(source))
    if not home.root.exists():
        report(f"Copying {source} …")
        _copy(source, home.root)
        return
    check_version(home)
    if not replace:
        raise SetupError(f"There is a home at {home.root}. Save it first, or drop it with --replace.")
    with _stopped(home):
        report(f"Copying {source} …")
        _exchange(source, home.root)


def _exchange(source: Path, target: Path) -> None:
    """Put a copy of `source` in the place of `target`. Both moves are renames: a crash leaves all files somewhere."""
    fresh = target.with_name(f"{target.name}{_UNFINISHED}{secrets.token_hex(4)}")
    old = fresh.with_name(f"{fresh.name}.old")
    _copy(source, fresh)
    target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old)


def _place(root: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise SetupError(f"{name!r} can't be the name of a saved home: use letters, digits, '.', '_' and '-'.")
    return folder(root) / name


def _home(root: Path) -> Home:
    home = Home(root.resolve())
    if not (home.root / "VERSION").exists():
        raise SetupError(f"{home.root} is no workspace home; there is nothing to save.")
    return home


@contextmanager
def _stopped(home: Home) -> Iterator[None]:
    """Hold the lock that a start takes. Raises SetupError if the workspace runs."""
    home.run.mkdir(exist_ok=True)
    with FileLock(home.run / "start.lock"):
        if control.is_running(home.root):
            raise SetupError(
                f"The workspace in {home.root} runs, and its files change. Stop it first: "
                f"python -m local_workspace down --home {home.root}"
            )
        yield


def _copy(source: Path, target: Path) -> None:
    """Copy a home to `target`, which appears when it is whole; without what belongs to running processes."""
    unfinished = target.with_name(f"{_UNFINISHED}{target.name}-{secrets.token_hex(4)}")
    try:
        shutil.copytree(source, unfinished, symlinks=True, ignore=_of_processes(source), copy_function=_copy_file)
        _keep_owners(source, unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise SetupError(f"{source} could not be copied: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _of_processes(source: Path) -> Callable[[str, list[str]], set[str]]:
    """What a copy leaves out: sockets and process ids."""

    def ignored(place: str, entries: list[str]) -> set[str]:
        if Path(place) == Home(source).run:
            return set(entries)
        return {name for name in entries if _is_special(Path(place) / name)}

    return ignored


def _is_special(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _copy_file(source: str, target: str) -> str:
    if not _clone(source, target):
        shutil.copyfile(source, target, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)
    return target


def _clone(source: str, target: str) -> bool:
    """Whether `target` now shares the blocks of `source`; False where the filesystem can't do that."""
    if os.path.islink(source) or not hasattr(os, "copy_file_range"):  # macOS: no FICLONE
        return False
    with open(source, "rb") as original, open(target, "wb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _CLONE, original.fileno())
        except OSError:
            return False
    return True


def _keep_owners(source: Path, target: Path) -> None:
    """Give the copies the owners of the originals: under root, Postgres has an account of its own."""
    if os.geteuid() != 0:
        return
    for place, folders, files in os.walk(target):
        for name in (".", *folders, *files):
            copy = Path(place) / name
            owner = (source / copy.relative_to(target)).lstat()
            os.chown(copy, owner.st_uid, owner.st_gid, follow_symlinks=False)
