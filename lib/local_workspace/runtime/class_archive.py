"""Java's AOT cache: an archive of loaded and linked classes, and of which methods ran often (JEP 483, 514, 515).

With it the Spark server starts sooner, and its compilers know from the start what is worth compiling. The first server
that is stopped after it has run statements writes it, so that it costs no set-up time. It lies beside the jar of the
extension. Java ignores an archive that doesn't fit, but for one whose jars have moved: it takes that, and then refuses
the classes of a sealed package that aren't in it. So the archive's name says where its jars are.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from local_workspace.runtime import environment

LEAST_BYTES = 250 << 20
"""Less has the archive of a server that was stopped while it started; one that has run a target writes 330 MB."""

# By default Java maps an archive at a random address, for which it changes each pointer in it: 200 MB are written anew.
_AT_ITS_OWN_ADDRESS = ("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0")
_OUTPUT = "-XX:AOTCacheOutput="
_QUIET = "-Xlog:aot*=error"  # it warns of each class that it leaves out


def of_spark(extension: Path) -> Path:
    """The archive for Spark servers with `extension`."""
    place = hashlib.sha256(str(extension.resolve()).encode()).hexdigest()[:12]
    return extension.with_name(f"{extension.stem}-spark-{place}.aot")


def options(extension: Path, written: Path) -> list[str]:
    """Java's options for a Spark server: to use the archive, or to write one to `written` when it ends."""
    if _has_much(of_spark(extension)):
        return [f"-XX:AOTCache={of_spark(extension)}", *_AT_ITS_OWN_ADDRESS, _QUIET]
    if os.access(extension.parent, os.W_OK):
        return [f"{_OUTPUT}{written}", _QUIET]
    return []


def writes_archive(command: Iterable[str]) -> bool:
    """Whether a Spark server with this command line writes an archive when it ends, which takes a minute."""
    return any(option.startswith(_OUTPUT) for option in command)


def keep(java: Path, extension: Path, options: list[str], written: Path) -> None:
    """Move an archive that a server has `written` to its place, if it is whole and has much.

    `options` are those of the server, with its class path. Safe for threads and processes.
    """
    _recorded(written).unlink(missing_ok=True)
    target = of_spark(extension)
    if not written.exists():
        return
    with FileLock(target.with_suffix(".lock")):
        wanted = _has_much(written) and not _has_much(target)
        if wanted and _is_whole(java, options, written):
            unfinished = target.with_suffix(".unfinished")
            shutil.copyfile(written, unfinished)  # the home may be on another disk
            unfinished.replace(target)
        written.unlink(missing_ok=True)


def _recorded(written: Path) -> Path:
    """The file of which Java makes the archive, and then removes; a server that is killed meanwhile leaves it."""
    return written.with_name(f"{written.name}.config")


def _has_much(archive: Path) -> bool:
    return archive.exists() and archive.stat().st_size >= LEAST_BYTES


def _is_whole(java: Path, options: list[str], archive: Path) -> bool:
    """Whether Java takes it: a server that was killed has left a part."""
    check = [str(java), "-XX:AOTMode=on", f"-XX:AOTCache={archive}", *options, "-version"]
    return subprocess.run(check, env=environment.of_child(), capture_output=True, check=False).returncode == 0
