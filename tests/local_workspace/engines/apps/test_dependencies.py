"""What an app's folder says about its environment."""

import pytest

from local_workspace.engines.apps.dependencies import Dependencies, read_dependencies
from local_workspace.runtime.errors import ApiError


def written(folder, **files):
    for name, text in files.items():
        path = folder / {"requirements": "requirements.txt", "pyproject": "pyproject.toml"}.get(name, f"{name}.py")
        path.write_text(text)
    return folder


def test_requirements_win_over_a_project(tmp_path):
    written(tmp_path, requirements="flask==3.0\n\n", pyproject='[project]\nrequires-python = ">=3.12"')
    assert read_dependencies(tmp_path) == Dependencies("requirements.txt", ("flask==3.0",), "3.11")


def test_a_project_says_its_python_and_packages(tmp_path):
    written(tmp_path, pyproject='[project]\nrequires-python = ">=3.12"\ndependencies = ["rich>=14"]')
    assert read_dependencies(tmp_path) == Dependencies("pyproject.toml", ("rich>=14",), ">=3.12")
    written(tmp_path, pyproject="[tool.x]\n")
    assert read_dependencies(tmp_path) == Dependencies("pyproject.toml", (), "3.11")


@pytest.mark.parametrize("text", ["[project", "project = 3", "[project]\ndependencies = 5", "\0"])
def test_a_project_that_can_not_be_read(tmp_path, text):
    written(tmp_path, pyproject=text)
    with pytest.raises(ApiError, match="pyproject.toml can't be read") as refused:
        read_dependencies(tmp_path)
    assert refused.value.status == 400


def test_what_the_platform_has_comes_first_unless_it_is_required(tmp_path):
    written(tmp_path, requirements="Flask>=3\n", app="import flask, pandas.io\nfrom databricks import sql\n")
    recipe = read_dependencies(tmp_path).recipe(tmp_path, ["gunicorn", "app:app"])
    platform = ("databricks-sql-connector==3.7.3", "gunicorn==23.0.0", "pandas")
    assert (recipe.python, recipe.installs) == ("3.11", (platform, ("-r", "requirements.txt")))


def test_neither_code_of_others_nor_broken_code_counts(tmp_path):
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.py").write_text("import dash")
    written(tmp_path, app="import dash(", other="from . import fastapi")
    assert read_dependencies(tmp_path).recipe(tmp_path, ["python", "app.py"]).installs == ()


def key(folder):
    return read_dependencies(folder).recipe(folder, ["python", "app.py"]).key()


def test_an_environment_is_known_by_what_goes_into_it(tmp_path):
    written(tmp_path, requirements="rich\n", app="print(1)")
    before = key(tmp_path)
    written(tmp_path, app="print(2)")
    assert key(tmp_path) == before
    written(tmp_path, requirements="rich>=14\n")
    assert key(tmp_path) != before
    written(tmp_path, requirements="./own\n")
    before = key(tmp_path)
    written(tmp_path, app="print(3)")
    assert key(tmp_path) != before
