"""Environments over the workspace's own: whole or not at all, and without a network where everything is there."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from urllib.request import url2pathname

import pytest

from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.layered_environments import Environments, InstallationError
from wheels import wheel


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Makes an environment of some requirements. The only index is a closed port of this machine."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/simple")
    monkeypatch.delenv("UV_EXTRA_INDEX_URL", raising=False)

    def make(*lines, given=None, root=tmp_path):
        dependencies = Dependencies(lambda path: root / path.lstrip("/"))
        dependencies.add(lines)
        return Environments(tmp_path / "environments").python(dependencies, lambda _: None, Cancellation(), given)

    return make


@pytest.fixture
def tool(tmp_path):
    return f"/{wheel(tmp_path, 'kitchentool', '1.0', 'spoons = 12').name}"


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


def imports(python, module):
    """How the import of a module ends in an environment: without an error, or with its last line."""
    done = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True, text=True, cwd="/")
    return done.stderr.splitlines()[-1] if done.returncode else ""


def absent(module):
    return f"ModuleNotFoundError: No module named '{module}'"


def test_of_the_workspaces_packages_it_has_those_that_are_given_and_what_these_bring(python):
    made = python(given=["httpx"])
    found = {name: imports(made, name) for name in ("httpx", "idna", "local_workspace", "openai", "caspers")}
    lost = {name: absent(name) for name in ("openai", "caspers")}
    assert found == {"httpx": "", "idna": "", "local_workspace": "", **lost}
    assert python(given=["httpx"]) == made != python(given=["httpx", "openai"])


def test_a_dependency_is_there_be_it_of_the_workspace_or_its_own(python, tool):
    made = python(tool, "tenacity>=1", given=[])
    assert [imports(made, name) for name in ("kitchentool", "tenacity", "openai")] == ["", "", absent("openai")]


def test_an_extra_brings_its_packages(python):
    assert imports(python("databricks-sdk[openai]", given=[]), "openai") == ""


def test_a_project_that_the_workspace_has_from_the_very_place_is_a_dependency_too(python):
    origin = json.loads(metadata.distribution("caspers-workbook").read_text("direct_url.json"))["url"]
    made = python("--editable /", given=[], root=Path(url2pathname(origin.removeprefix("file://"))))
    assert [imports(made, name) for name in ("caspers", "rapidfuzz", "papermill")] == ["", "", absent("papermill")]


def test_its_tasks_run_the_workspaces_own_modules_even_if_a_dependency_has_some_of_that_name(python, tmp_path):
    other = tmp_path / "other" / "local_workspace"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise RuntimeError('the other')")
    path = {"kitchentool.pth": f"{other.parent}\n"}
    made = python(f"/{wheel(tmp_path, 'kitchentool', '1.0', 'spoons = 12', files=path).name}", given=[])
    assert [imports(made, name) for name in ("kitchentool", "local_workspace.workers.python_task")] == ["", ""]
