"""The environments in which apps run, and what happens where one can't be made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_workspace.engines.apps.runtimes import Runtimes
from local_workspace.engines.apps.source import read_source
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.python_environments import PythonEnvironments

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def prepare(tmp_path):
    """A function that makes the environment of an app with these files."""
    runtimes, folder = Runtimes(PythonEnvironments(tmp_path / "made")), tmp_path / "code"
    folder.mkdir()

    def prepared(command=("python", "app.py"), **files):
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        return runtimes.prepare(folder, list(command))

    return prepared


def test_an_app_runs_on_python_3_11_or_says_that_it_can_not(prepare):
    runtime = prepare(app_py="print()")
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    found = subprocess.run([runtime.programs / "python", "-c", code], capture_output=True, text=True, check=True)
    if not runtime.note:
        assert found.stdout == "3.11\n"
    else:
        assert (found.stdout, "no Python 3.11 on this machine" in runtime.note) == (f"{OWN}\n", True)


def test_without_the_python_that_it_wants_an_app_runs_on_ours_and_says_so(prepare):
    runtime = prepare(pyproject_toml='[project]\nname = "x"\nversion = "1"\nrequires-python = "==3.1.*"')
    assert runtime.note == f"There is no Python ==3.1.* on this machine: the app runs on {OWN}."
    assert (runtime.programs / "python").exists()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))


def test_without_a_network_an_app_runs_on_our_packages_if_they_do(prepare, offline):
    runtime = prepare(requirements_txt="pytest>=7\n")
    assert runtime.programs == Path(sys.executable).parent
    assert "on the workspace's own" in runtime.note


def test_a_package_that_can_not_be_had_is_named(prepare, offline):
    with pytest.raises(
        ApiError, match=r"(?s)uv pip install -r requirements.txt. failed:.*a-package-of-nobody"
    ) as refused:
        prepare(requirements_txt="a-package-of-nobody\n")
    assert refused.value.status == 400


PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'
LOCK = """
version = 1
requires-python = ">=3.11"

[[package]]
name = "x"
version = "1"
source = { virtual = "." }
"""


def test_a_lock_file_says_the_versions(prepare):
    assert (prepare(pyproject_toml=PROJECT, uv_lock=LOCK).programs / "python").exists()
    with pytest.raises(ApiError, match="`uv sync --frozen` failed"):
        prepare(uv_lock="no lock")


NPM = """#!/bin/sh
echo "$@" >> calls
mkdir -p node_modules
case "$*" in *build*) exit "$(cat outcome)";; esac
"""


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A stand-in for npm that notes its calls in the app's folder."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(NPM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "code" / "calls"


def test_packages_of_node_are_installed_and_built_once(prepare, npm):
    for _ in range(2):
        prepare(package_json='{"scripts": {"build": "x"}}', outcome="0")
    assert npm.read_text().splitlines() == ["install --no-audit --no-fund --prefer-offline", "run build"]
    assert read_source(npm.parent).command == ["npm", "run", "start"]


def test_a_build_that_fails_is_told(prepare, npm):
    with pytest.raises(ApiError, match="`npm run build` failed"):
        prepare(package_json='{"scripts": {"build": "x"}}', outcome="1")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_package_json_that_makes_no_sense(prepare, npm, text):
    with pytest.raises(ApiError, match="package.json is no JSON object"):
        prepare(package_json=text)


def test_without_npm_a_package_json_is_refused(prepare, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ApiError, match="this machine has no npm"):
        prepare(package_json="{}")
