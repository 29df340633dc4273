import os
import pwd
import shutil
import subprocess
import sys

import pytest

from local_workspace.doctor import user
from local_workspace.runtime.home import open_home

AS_12345 = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
# The test's Python may lie in a folder that is root's alone.
MAY_READ = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def test_a_user_id_without_a_name():
    found = user.user(12345, {}.__getitem__)
    assert found.verdict == "failed" and "12345 has no name" in found.text
    assert "workspace:x:12345:" in found.remedy and "/etc/passwd" in found.remedy
    assert user.user(0, pwd.getpwuid).text == "root (0)"


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user")
def test_a_start_by_a_user_without_a_name_says_so_at_once(tmp_path):
    tmp_path.chmod(0o777)
    start = [sys.executable, "-m", "local_workspace", "up", "--json", "--home", str(tmp_path / "home")]
    done = subprocess.run(
        [*AS_12345, *MAY_READ, *start], cwd="/", env={"HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "the user id 12345 has no name" in done.stdout and "/etc/passwd" in done.stdout


def test_a_home_that_is_there_or_can_be_made(tmp_path):
    assert user.home(tmp_path / "a" / "new one").verdict == "ok"
    open_home(tmp_path / "home")
    assert user.home(tmp_path / "home").verdict == "ok"
    assert user.home(tmp_path).verdict == "failed"  # another directory with something in it


def test_a_home_on_a_disk_that_keeps_no_permissions(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_: os.chmod(_[0], 0o777))
    found = user.home(tmp_path / "home")
    assert found.verdict == "failed" and "does not keep permissions" in found.text and "--home" in found.remedy


def test_a_home_on_a_disk_that_cant_be_written(tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    found = user.home(tmp_path / "home")
    assert found.verdict == "failed" and "Read-only file system" in found.text


def test_the_place_for_temporary_files_and_sockets(tmp_path, monkeypatch):
    assert user.temporary_folder(tmp_path / "home", None).verdict == "ok"
    assert user.temporary_folder(tmp_path / ("x" * 90) / "home", None).text.count("sockets in /") == 1
    found = user.temporary_folder(tmp_path / "home", str(tmp_path / "gone"))
    assert found.verdict == "warning" and "TMPDIR" in found.remedy
    monkeypatch.setattr("local_workspace.doctor.user.existing", lambda _: tmp_path / "gone")
    found = user.temporary_folder(tmp_path / "home", None)
    assert found.verdict == "failed" and "TMPDIR" in found.remedy


def test_a_users_folder_that_cant_be_written_is_named_and_no_fault(tmp_path):
    assert user.users_folder(tmp_path).text == str(tmp_path)
    found = user.users_folder(tmp_path / "gone")
    assert found.verdict == "ok" and "can't be written" in found.text


@pytest.mark.parametrize(
    ("encoding", "files", "verdict"),
    [
        ("utf-8", "utf-8", "ok"),
        ("UTF-8", "utf-8", "ok"),
        ("ascii", "utf-8", "warning"),
        ("utf-8", "latin-1", "warning"),
    ],
)
def test_text_encodings(encoding, files, verdict):
    assert user.text(encoding, files).verdict == verdict


def test_variables_that_the_workspace_does_not_pass_on_are_named():
    found = user.variables({"SPARK_HOME": "/opt/spark", "HOME": "/home/ann", "JAVA_HOME": "/opt/java"})
    assert found.verdict == "ok" and found.text.endswith(": JAVA_HOME, SPARK_HOME")
    assert "none" in user.variables({"HOME": "/home/ann"}).text
