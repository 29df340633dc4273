import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from local_workspace.runtime import postgres_distribution, software
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.postgres_distribution import fetch, system_name

NAME = "linux-amd64"
FILES = ("bin/postgres", "lib/postgresql/plperl.so", "share/postgresql/extension/plperl.control")


def jar() -> bytes:
    archive, content = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as inner:
        for name in FILES:
            inner.addfile(tarfile.TarInfo(name))
    with zipfile.ZipFile(content, "w") as outer:
        outer.writestr(zipfile.ZipInfo("postgres-linux-x86_64.txz"), archive.getvalue())
    return content.getvalue()


def retrieve(jars: list[str], folder: Path, what: str) -> None:
    """Fetches `jar()`, whatever is wanted."""
    (wanted,) = jars
    group, artifact, version = wanted.split(":")
    assert (group, artifact) == ("io.zonky.test.postgres", f"embedded-postgres-binaries-{NAME}")
    (folder / f"{artifact}-{version}.jar").write_bytes(jar())


def test_the_files_are_unpacked_without_other_languages_and_another_versions_folder_goes(tmp_path, monkeypatch):
    monkeypatch.setitem(postgres_distribution.SHA256, NAME, hashlib.sha256(jar()).hexdigest())
    (tmp_path / "postgres-1.0").mkdir()
    fetch(tmp_path / "postgres-new", retrieve, NAME)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres-new"]
    found = {str(path.relative_to(tmp_path / "postgres-new")) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"bin/postgres"}


def test_a_jar_that_was_changed_is_refused_and_leaves_nothing_to_use(tmp_path):
    with pytest.raises(SetupError, match=f"{NAME}:.* is not the file"):
        fetch(tmp_path / "postgres-new", retrieve, NAME)
    assert not (tmp_path / "postgres-new").exists()


@pytest.mark.parametrize(
    ("kernel", "machine", "name"),
    [
        ("linux", "x86_64", "linux-amd64"),
        ("linux", "aarch64", "linux-arm64v8"),
        ("darwin", "arm64", "darwin-arm64v8"),
        ("darwin", "x86_64", "darwin-amd64"),
    ],
)
def test_systems(kernel, machine, name):
    assert system_name(kernel, machine) == name


def test_a_system_without_a_distribution_is_named():
    with pytest.raises(SetupError, match="linux on riscv64"):
        system_name("linux", "riscv64")


def test_this_systems_is_set_up():
    software.ensure(print)
    assert (software.postgres_folder() / "bin" / "postgres").exists()
