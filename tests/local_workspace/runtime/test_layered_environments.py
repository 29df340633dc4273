"""Environments over the workspace's own: whole or not at all, and without a network where everything is there."""

import subprocess
import sys
import zipfile

import pytest

from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.layered_environments import Environments, InstallationError


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Makes an environment of some requirements. The only index is a closed port of this machine."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/simple")
    monkeypatch.delenv("UV_EXTRA_INDEX_URL", raising=False)

    def make(*lines):
        dependencies = Dependencies(lambda path: tmp_path / path.lstrip("/"))
        dependencies.add(lines)
        return Environments(tmp_path / "environments").python(dependencies, lambda _: None, Cancellation())

    return make


@pytest.fixture
def tool(tmp_path):
    made = tmp_path / "kitchentool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("kitchentool.py", "spoons = 12")
        info = "kitchentool-1.0.dist-info"
        package.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: kitchentool\nVersion: 1.0\n")
        package.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        package.writestr(f"{info}/RECORD", "")
    return f"/{made.name}"


def spoons(python):
    code = [str(python), "-c", "import kitchentool, pydantic; print(kitchentool.spoons)"]
    return subprocess.run(code, capture_output=True, text=True, check=True).stdout


def test_what_is_there_needs_no_network(python, tool):
    made = python(tool, "pydantic")
    assert (spoons(made), made != sys.executable) == ("12\n", True)
    assert python(tool, "pydantic") == made


def test_a_build_that_was_killed_is_no_obstacle_to_the_next(python, tool, tmp_path):
    made = python(tool)
    place = made.parents[2]
    killed = place.with_name(f"{place.name}-x.unfinished")
    place.replace(killed)  # uv may still write there
    assert spoons(python(tool)) == "12\n"
    assert killed.is_dir()


def test_a_failed_build_leaves_nothing_and_says_what_uv_said(python, tmp_path):
    with pytest.raises(InstallationError, match="Could not install no-such-package-of-kitchens"):
        python("no-such-package-of-kitchens")
    assert not [path for path in (tmp_path / "environments").iterdir() if path.is_dir()]
