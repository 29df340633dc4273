import json
import os
import subprocess
import sys

import pytest

from local_workspace import doctor


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local_workspace", "doctor", *arguments]
    return subprocess.run(command, env=os.environ | env, capture_output=True, text=True, check=False)


def test_a_line_a_check_and_0_where_a_workspace_can_run(tmp_path):
    done = run("--home", str(tmp_path / "home"))
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert {line.split()[0] for line in lines} <= {"ok", "warning"}
    checked = {line[9:22].strip() for line in lines}
    assert {"system", "user", "home", "Postgres", "localhost", "ports", "proxy", "memory", "disk", "clock"} <= checked
    assert not (tmp_path / "home").exists()


def test_1_and_what_to_do_where_it_cannot(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    done = run("--home", str(tmp_path), PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("failed   home "))
    assert "no workspace home" in lines[place] and "--home" in lines[place + 1]
    assert any(line.startswith("warning  text ") for line in lines)


def test_a_start_that_fails_names_the_doctor(tmp_path):
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")
    command = [sys.executable, "-m", "local_workspace", "up", "--json", "--home", home]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    message = json.loads(done.stdout)["error"]
    assert home in message and f"doctor --home {home}" in message


def test_a_system_that_cannot_have_a_workspace_is_not_looked_at_further(tmp_path, monkeypatch):
    refused = doctor.Finding("system", "failed", "win32 on AMD64", "Use WSL 2.")
    monkeypatch.setattr("local_workspace.doctor.machine.system", lambda: refused)
    assert list(doctor.check(tmp_path)) == [refused]


@pytest.mark.parametrize("verdict", ["warning", "failed"])
def test_a_finding_says_how_to_mend_it_below(verdict):
    found = doctor.Finding("disk", verdict, "full", "Free some space.")
    assert str(found).splitlines() == [f"{verdict:<7}  disk         full", " " * 22 + "Free some space."]
