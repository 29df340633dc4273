"""A user's settings for another Python reach neither kernels nor the packages that are imported."""

import importlib
import os
import sys
from pathlib import Path

import pytest

from caspers.platform import environment

LIB = str(Path(environment.__file__).parents[2])


@pytest.mark.parametrize(
    "name",
    ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONIOENCODING", "JUPYTER_PATH", "MPLBACKEND"],
)
def test_settings_of_another_python_are_taken_out(name):
    env = {name: "x", "HOME": "/home/ann", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.keep_own_python(env)
    assert env == {"HOME": "/home/ann", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "TZ": "UTC"}


def test_this_projects_folder_stays_on_the_python_path():
    env = {"PYTHONPATH": os.pathsep.join(["/broken", LIB])}
    environment.keep_own_python(env)
    assert env["PYTHONPATH"] == LIB


def test_a_package_from_the_python_path_is_named_with_its_folder(tmp_path, monkeypatch):
    (tmp_path / "hidden_behind").mkdir()
    (tmp_path / "hidden_behind/__init__.py").write_text("raise ImportError('old')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    environment.check_installed("hidden_behind")  # by another way than PYTHONPATH
    environment.check_installed("no_such_package")  # the import itself will say so
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/other", str(tmp_path)]))
    with pytest.raises(RuntimeError, match=f"hidden_behind comes from {tmp_path}, which PYTHONPATH names.*Unset"):
        environment.check_installed("hidden_behind")
