import os
import sys
from pathlib import Path

import pytest

from local_workspace.doctor import software


@pytest.mark.parametrize(
    ("first", "version", "verdict", "word"),
    [
        (sys.executable, (3, 12), "ok", "3.12"),
        ("/opt/old/bin/python", (3, 12), "ok", "uv run python"),
        (sys.executable, (3, 13), "failed", "3.13"),
    ],
)
def test_python(first, version, verdict, word):
    found = software.python(first, version)
    assert found.verdict == verdict and word in found.text


def test_packages_are_those_of_this_environment():
    assert software.packages(ambient={}).verdict == "ok"
    missing = software.packages(["no_such_package"], {})
    assert missing.verdict == "failed" and "no_such_package is not installed" in missing.text


def test_a_package_that_the_python_path_hides(tmp_path, monkeypatch):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    found = software.packages(["hidden"], {"PYTHONPATH": os.pathsep.join(["/other", str(tmp_path)])})
    assert found.verdict == "failed" and str(tmp_path) in found.text and "PYTHONPATH" in found.remedy


def test_java_and_postgres_run_here():
    assert software.java().verdict == software.postgres().verdict == "ok"


def test_programs_that_do_not_run(tmp_path):
    broken = tmp_path / "postgres"
    broken.write_text("#!/bin/sh\necho a library is missing >&2; exit 127\n")
    broken.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):  # for the account that Postgres runs as where we are root
        if folder.owner() == Path.home().owner() and folder != Path(folder.root):
            folder.chmod(folder.stat().st_mode | 0o011)
    found = software.postgres(tmp_path)
    assert found.verdict == "failed" and "a library is missing" in found.text and "chmod" in found.remedy
    found = software.java(tmp_path / "java")
    assert found.verdict == "failed" and "No such file" in found.text and "uv sync" in found.remedy


def test_a_spark_server_that_is_not_there_yet(tmp_path):
    assert software.spark().verdict == "ok"
    found = software.spark(tmp_path / "gone")
    assert found.verdict == "warning" and "setup" in found.remedy


def test_a_spark_server_that_only_another_user_can_set_up(tmp_path):
    found = software.spark(tmp_path, writable=False)
    assert found.verdict == "failed" and "can't be written" in found.text and "setup" in found.remedy
