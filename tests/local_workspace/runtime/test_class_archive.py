"""The archive of classes that a server writes when it ends, and what Java makes of it."""

import os
import subprocess
from pathlib import Path

import pytest

from local_workspace.runtime import class_archive, software


@pytest.fixture(scope="module")
def java() -> str:
    return str(software.java())


@pytest.fixture(scope="module")
def extension(tmp_path_factory) -> Path:
    """The jar in a folder of the test's own."""
    jar = tmp_path_factory.mktemp("software") / "extension-1.jar"
    jar.write_bytes(software.ensure(print).extension.read_bytes())
    return jar


@pytest.fixture
def same(extension) -> list[str]:
    """The options that the server and the check of its archive share."""
    return ["-cp", f"{extension}{os.pathsep}{software.spark_folder()}/pyspark/jars/*"]


@pytest.fixture
def little_is_much(monkeypatch):
    """What one class loads counts as much."""
    monkeypatch.setattr(class_archive, "LEAST_BYTES", 1)


@pytest.fixture
def run(java, extension, same, tmp_path):
    """Runs a class of Spark's libraries as a server is run, and returns what Java loaded from where."""

    def run_once() -> str:
        options = class_archive.options(extension, tmp_path / "classes.aot")
        command = [java, *options, "-Xlog:class+load", *same, "org.apache.ivy.Main", "-version"]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return printed.partition("AOTConfiguration")[0]  # then another Java loads the classes, to write the archive

    yield run_once
    class_archive.of_spark(extension).unlink(missing_ok=True)


def test_what_the_first_server_loaded_the_second_takes_from_the_archive(run, extension, same, tmp_path, little_is_much):
    assert class_archive.writes_archive(class_archive.options(extension, tmp_path / "classes.aot"))
    assert "org.apache.ivy.Main source: shared objects file" not in run()
    class_archive.keep(software.java(), extension, same, tmp_path / "classes.aot")
    assert not (tmp_path / "classes.aot").exists()
    assert "org.apache.ivy.Main source: shared objects file" in run()
    assert not (tmp_path / "classes.aot").exists(), "it is written once"
    assert not class_archive.writes_archive(class_archive.options(extension, tmp_path / "classes.aot"))


def test_a_part_of_an_archive_is_not_kept(run, extension, same, tmp_path, little_is_much):
    run()
    written = tmp_path / "classes.aot"
    os.truncate(written, written.stat().st_size // 2)
    class_archive.keep(software.java(), extension, same, written)
    assert not class_archive.of_spark(extension).exists()
    assert not written.exists()


def test_the_archive_of_a_server_that_did_nothing_is_not_kept_and_one_that_was_is_replaced(
    run, extension, same, tmp_path, monkeypatch
):
    run()
    written, kept = tmp_path / "classes.aot", class_archive.of_spark(extension)
    class_archive.keep(software.java(), extension, same, written)
    assert not kept.exists()
    assert not written.exists()

    kept.touch()
    run()
    monkeypatch.setattr(class_archive, "LEAST_BYTES", 1)
    class_archive.keep(software.java(), extension, same, written)
    assert kept.stat().st_size > 1


def test_an_environment_that_was_moved_does_not_take_the_archive_of_its_jars_old_place(tmp_path, little_is_much):
    old, new = tmp_path / "old" / "extension-1.jar", tmp_path / "new" / "extension-1.jar"
    old.parent.mkdir()
    class_archive.of_spark(old).write_bytes(b"an archive")
    old.parent.rename(new.parent)
    assert class_archive.options(new, tmp_path / "x")[0] == f"-XX:AOTCacheOutput={tmp_path / 'x'}"


def test_where_the_environment_cant_be_written_there_is_no_archive(extension, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert class_archive.options(extension, tmp_path / "x") == []


def test_what_a_server_leaves_that_is_killed_while_it_writes_is_removed(extension, same, tmp_path):
    (tmp_path / "classes.aot.config").write_bytes(b"a part")
    class_archive.keep(software.java(), extension, same, tmp_path / "classes.aot")
    assert list(tmp_path.iterdir()) == []
