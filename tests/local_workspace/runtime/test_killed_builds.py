"""Builds of environments that are killed: what they leave is never used, whatever uv still does there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from waiting import eventually

BACKEND = """
import os, pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    here = pathlib.Path(__file__).parent
    (here / "started").touch()
    if not (here / "go").exists():
        (here / "gate").open().read()  # until somebody opens it to write
    name = "kitchentool-1.0-py3-none-any.whl"
    info = "kitchentool-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as package:
        package.writestr("kitchentool.py", "def main():\\n    print('spoons')\\n")
        package.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: kitchentool\\nVersion: 1.0\\n")
        package.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        package.writestr(f"{info}/entry_points.txt", "[console_scripts]\\nkitchentool = kitchentool:main\\n")
        package.writestr(f"{info}/RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "kitchentool"
version = "1.0"
"""
OF_AN_APP = """
from local_workspace.runtime.python_environments import PythonEnvironments, Recipe
print(PythonEnvironments(root).ensure(Recipe(sys.executable, (("./kitchentool",),), root.parent)) / "bin" / "python")
"""
OF_A_TASK = """
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.layered_environments import Environments
dependencies = Dependencies(pathlib.Path)
dependencies.add([f"{root.parent}/kitchentool"])
print(Environments(root).python(dependencies, lambda message: None, Cancellation()))
"""


@pytest.fixture
def project(tmp_path):
    """A project whose build waits at a gate until there is the file `go`; it needs no network."""
    folder = tmp_path / "kitchentool"
    folder.mkdir()
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PROJECT)
    os.mkfifo(folder / "gate")
    return folder


def builder(root: Path, code: str) -> list[str]:
    return [sys.executable, "-c", f"import pathlib, sys\nroot = pathlib.Path({str(root)!r})\n{code}"]


def folders(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if path.is_dir()]


@pytest.mark.parametrize("code", [OF_AN_APP, OF_A_TASK])
def test_a_build_that_is_killed_leaves_nothing_that_is_used(tmp_path, project, code):
    root = tmp_path / "environments"
    environment = os.environ | {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_OFFLINE": "1"}
    killed = subprocess.Popen(builder(root, code), env=environment)
    eventually((project / "started").exists)
    killed.kill()
    killed.wait()
    assert all(".unfinished" in name for name in folders(root))

    (project / "go").touch()
    (project / "gate").open("w").close()  # uv goes on with the build of the killed process
    done = subprocess.run(builder(root, code), env=environment, capture_output=True, text=True, check=True)
    python = Path(done.stdout.strip())
    found = subprocess.run([python.with_name("kitchentool")], capture_output=True, text=True, check=True)
    assert (found.stdout, python.is_relative_to(root)) == ("spoons\n", True)
    assert len([name for name in folders(root) if ".unfinished" not in name]) == 1
