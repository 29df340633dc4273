"""Python environments from recipes: made once, whole or not at all."""

import subprocess
import sys

import pytest

from local_workspace.runtime.python_environments import (
    EnvironmentProblem,
    NoSuchPython,
    PythonEnvironments,
    Recipe,
    satisfied,
)


@pytest.fixture
def folder(tmp_path):
    """A folder with a package `mine` that can be installed without a network."""
    code = tmp_path / "code"
    (code / "mine").mkdir(parents=True)
    (code / "mine" / "__init__.py").write_text("VALUE = 7")
    metadata = code / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (metadata / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (metadata / "RECORD").write_text("mine/__init__.py,,\nmine-1.0.dist-info/METADATA,,\nmine-1.0.dist-info/WHEEL,,\n")
    script = "import shutil, sys; shutil.make_archive('mine', 'zip', root_dir='.')"
    subprocess.run([sys.executable, "-c", script], cwd=code, check=True)
    (code / "mine.zip").rename(code / "mine-1.0-py3-none-any.whl")
    return code


def recipe(folder, *installs, python=sys.executable):
    return Recipe(python, installs, folder)


def test_an_environment_has_what_its_recipe_says_and_is_made_once(tmp_path, folder):
    environments = PythonEnvironments(tmp_path / "made")
    wanted = recipe(folder, ("./mine-1.0-py3-none-any.whl",))
    made = environments.ensure(wanted)
    code = [str(made / "bin" / "python"), "-c", "import mine; print(mine.VALUE)"]
    assert subprocess.run(code, capture_output=True, text=True, check=True).stdout == "7\n"
    (folder / "mine-1.0-py3-none-any.whl").unlink()
    assert PythonEnvironments(tmp_path / "made").ensure(wanted) == made


def test_an_unfinished_environment_is_made_anew(tmp_path, folder):
    environments = PythonEnvironments(tmp_path / "made")
    left = tmp_path / "made" / recipe(folder).key()
    (left / "bin").mkdir(parents=True)
    assert environments.ensure(recipe(folder)) == left
    assert (left / "bin" / "python").exists()


def test_a_failed_install_is_told_and_leaves_nothing_that_counts(tmp_path, folder):
    environments = PythonEnvironments(tmp_path / "made")
    for _ in range(2):
        with pytest.raises(EnvironmentProblem, match="`uv pip install ./missing.whl` failed"):
            environments.ensure(recipe(folder, ("./missing.whl",)))


def test_a_python_that_is_not_there_is_named(tmp_path, folder):
    with pytest.raises(NoSuchPython, match="There is no Python 3.1 on this machine"):
        PythonEnvironments(tmp_path / "made").ensure(recipe(folder, python="3.1"))


def test_what_this_environment_has(folder):
    assert satisfied(sys.executable, ("pytest",), folder)
    assert not satisfied(sys.executable, ("./mine-1.0-py3-none-any.whl",), folder)
