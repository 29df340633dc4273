"""Imports of a process that has declared its packages: each test has processes of its own, which declare once."""

import subprocess
import sys
from pathlib import Path

import pytest

DECLARE = "from local_workspace.runtime.declared_packages import hide_others\nhide_others({lines}, ['packaging'])\n"


def run(code: str, *lines: str, folder: Path | None = None) -> str:
    """The last line that `code` writes once these lines of requirements are declared."""
    text = DECLARE.format(lines=list(lines)) + code
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[-1]


@pytest.mark.parametrize("module", ["httpx", "idna", "packaging", "sqlite3", "local_workspace"])
def test_what_is_declared_or_comes_with_it_is_there(module: str) -> None:
    assert run(f"import {module}\nprint('there')", "# of a model", "httpx>=0.1  # and more", "--no-index") == "there"


@pytest.mark.parametrize("module", ["psutil", "caspers", "tenacity.stop"])
def test_what_the_workspace_has_beyond_that_is_not(module: str) -> None:
    name = module.partition(".")[0]
    assert run(f"import {module}", "httpx").endswith(
        f"No module named '{name}': the workspace has it, but it is not among the requirements."
    )


def test_an_extra_brings_its_packages() -> None:
    assert run("import openai\nprint('there')", "databricks-sdk[openai]") == "there"
    assert "No module named 'openai'" in run("import openai", "databricks-sdk")


def test_a_module_of_the_models_own_is_there_though_the_workspace_has_one_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "psutil.py").write_text("own = True\n")
    assert run("import psutil\nprint(psutil.own)", "httpx", folder=tmp_path) == "True"


def test_where_a_line_names_no_package_nothing_is_hidden() -> None:
    assert run("import psutil\nprint('there')", "./code/tool.whl") == "there"


def test_what_nobody_has_is_as_absent_as_ever() -> None:
    assert run("import no_such_module", "httpx") == "ModuleNotFoundError: No module named 'no_such_module'"
