"""The Postgres server: built with OpenSSL, as Lakebase takes no connection without TLS, and with Postgres' extensions.

It comes as a jar from Maven Central (Zonky's embedded Postgres), so it is fetched as Spark's jars are. Each system's is
pinned by its SHA-256.
"""

import hashlib
import platform
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.versioned_folders import put_in_place

VERSION = "18.6.0"
FOLDER = f"postgres-{VERSION}"
_ARTIFACT = "embedded-postgres-binaries"
_MACHINES = {"aarch64": "arm64v8", "arm64": "arm64v8", "x86_64": "amd64"}
SHA256 = {
    "linux-amd64": "008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1",
    "linux-arm64v8": "5f54e016723afa6213925a8acb939bac52944b1d348f65c7a20f0cd2928c31be",
    "darwin-amd64": "690941008aac9ee360820fde9bb7870a4f3dcac5e9e2f9e45e42333a436ad0f9",
    "darwin-arm64v8": "8f6ed6f38195b50a40712ada8b2a12060b6193c1a6977a6eb5cff053bb5a1b89",
}
"""The digest of each system's jar, by `system_name`."""
_LANGUAGES = ("plperl", "plpython", "pltcl")  # they need the system's Perl, Python and Tcl


def system_name(kernel: str = sys.platform, machine: str | None = None) -> str:
    """This system as the distribution's files name it. Raises SetupError if there is none for it."""
    machine = machine or platform.machine()
    name = f"{kernel}-{_MACHINES.get(machine, machine)}"
    if name not in SHA256:
        raise SetupError(f"There is no Postgres for {kernel} on {machine}: use Linux or macOS on x86-64 or ARM.")
    return name


def size() -> int:
    """What is fetched for this system, in MB."""
    return 71 if sys.platform == "darwin" else 15


def fetch(target: Path, retrieve: Callable[[list[str], Path, str], None], name: str | None = None) -> None:
    """Put the server's files into the folder `target`, whole or not at all, and remove the one of another version.

    `retrieve` fetches jars into a folder for a purpose it names; `name` is a `system_name`, None for this one's.
    Raises SetupError.
    """
    name = name or system_name()
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    jar = f"io.zonky.test.postgres:{_ARTIFACT}-{name}:{VERSION}"
    retrieve([jar], unfinished, "Postgres")
    fetched = unfinished / f"{_ARTIFACT}-{name}-{VERSION}.jar"
    if hashlib.sha256(fetched.read_bytes()).hexdigest() != SHA256[name]:
        raise SetupError(f"{jar} is not the file that this version of the workspace expects (SHA-256 differs).")
    _unpack(fetched, unfinished)
    fetched.unlink()
    put_in_place(unfinished, target)


def _unpack(jar: Path, target: Path) -> None:
    """The files of the one archive in a jar, without the languages that need more than Postgres."""
    with zipfile.ZipFile(jar) as outer:
        (archive,) = (entry for entry in outer.namelist() if entry.endswith(".txz"))
        with outer.open(archive) as content, tarfile.open(fileobj=content, mode="r|xz") as inner:
            wanted = (member for member in inner if not any(name in member.name for name in _LANGUAGES))
            inner.extractall(target, members=wanted, filter="data")
