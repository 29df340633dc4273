"""Java's archives of parsed classes (class data sharing), with which the Spark server starts in half the time.

The archive of Java's own classes is made at set-up. That of Spark's is written by the first server that is stopped
after it has run statements, so that it costs no set-up time. Both lie beside the jar of the extension. Java ignores an
archive that doesn't fit, but for one whose jars have moved: it takes that, and then refuses the classes of a sealed
package that aren't in it. So the name of Spark's archive says where its jars are.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from local_workspace.runtime import environment

LEAST_BYTES = 150 << 20
"""Less has the archive of a server that was stopped while it started; one that has run statements writes 250 MB."""


def of_java(extension: Path) -> Path:
    """The archive of Java's own classes."""
    return extension.with_name(f"{extension.stem}-java.jsa")


def of_spark(extension: Path) -> Path:
    """The archive of the classes that a Spark server with `extension` loads."""
    place = hashlib.sha256(str(extension.resolve()).encode()).hexdigest()[:12]
    return extension.with_name(f"{extension.stem}-spark-{place}.jsa")


def command(java: Path, target: Path) -> list[str]:
    """The command that writes the archive of Java's own classes."""
    return [str(java), "-Xshare:dump", f"-XX:SharedArchiveFile={target}"]


def options(extension: Path, written: Path) -> list[str]:
    """Java's options for a Spark server: to use the archives, or to write that of Spark to `written` when it ends."""
    quiet = "-Xlog:cds*=error"  # it warns of each class that it leaves out
    if _has_much(of_spark(extension)):
        return [_use(extension, of_spark(extension)), quiet]
    if os.access(extension.parent, os.W_OK):
        return [f"-XX:SharedArchiveFile={of_java(extension)}", f"-XX:ArchiveClassesAtExit={written}", quiet]
    return [f"-XX:SharedArchiveFile={of_java(extension)}"]


def keep(java: Path, extension: Path, class_path: str, written: Path) -> None:
    """Move an archive that a server has `written` to its place, if it is whole and has much.

    `class_path` is the server's. Safe for threads and processes.
    """
    target = of_spark(extension)
    if not written.exists():
        return
    with FileLock(target.with_suffix(".lock")):
        wanted = _has_much(written) and not _has_much(target)
        if wanted and _is_whole(java, extension, class_path, written):
            unfinished = target.with_suffix(".unfinished")
            shutil.copyfile(written, unfinished)  # the home may be on another disk
            unfinished.replace(target)
        written.unlink(missing_ok=True)


def _has_much(archive: Path) -> bool:
    return archive.exists() and archive.stat().st_size >= LEAST_BYTES


def _is_whole(java: Path, extension: Path, class_path: str, archive: Path) -> bool:
    """Whether Java takes it: a server that was killed has left a part."""
    check = [str(java), "-Xshare:on", _use(extension, archive), "-cp", class_path, "-version"]
    return subprocess.run(check, env=environment.of_child(), capture_output=True, check=False).returncode == 0


def _use(extension: Path, archive: Path) -> str:
    return f"-XX:SharedArchiveFile={of_java(extension)}{os.pathsep}{archive}"
