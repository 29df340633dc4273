"""Postgres refuses to run as root: a workspace of root runs its servers as `nobody`."""

import os
import pwd
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

ACCOUNT = "nobody"
# Runs in a fresh interpreter: forking a daemon full of threads leaves no safe way to switch users in between.
_SWITCH = """
import os, pwd, sys
account = pwd.getpwnam(sys.argv[1])
os.setgroups([])
os.setgid(account.pw_gid)
os.setuid(account.pw_uid)
os.execv(sys.argv[2], sys.argv[2:])
"""


def as_account(argv: Sequence[str]) -> list[str]:
    """`argv` as a user that Postgres accepts: unchanged, unless we are root."""
    if os.geteuid() != 0:
        return list(argv)
    return [sys.executable, "-I", "-S", "-c", _SWITCH, ACCOUNT, *argv]


def give(path: Path) -> None:
    """Make `path` belong to the account that Postgres runs as."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        shutil.chown(path, account.pw_uid, account.pw_gid)


def let_through(path: Path) -> None:
    """Let that account traverse, not list, the folders above `path`; the files in them keep their modes."""
    if os.geteuid() != 0:
        return
    for folder in path.resolve().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
