"""In which Python a model runs."""

import sys
from pathlib import Path

import pytest

from local_workspace.engines.serving.environments import ModelEnvironments
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies
from local_workspace.runtime.layered_environments import InstallationError, Report


class Environments:
    """Makes any environment, except one with a package called `broken`."""

    def python(self, dependencies: Dependencies, _report: Report, _cancellation: Cancellation) -> Path:
        """A path that says what was asked for."""
        if "broken" in dependencies.lines:
            raise InstallationError("Could not install broken")
        return Path("/made", ",".join(dependencies.lines))


def python(folder: Path, text: str) -> Path:
    (folder / "requirements.txt").write_text(text)
    return ModelEnvironments(Environments()).python(folder, Cancellation())


def test_the_workspaces_environment_is_used_where_it_meets_the_requirements(tmp_path):
    assert python(tmp_path, "mlflow\npydantic>=2\n") == Path(sys.executable)


def test_another_is_made_from_all_requirements_where_it_does_not(tmp_path):
    assert python(tmp_path, "mlflow\nmissing==1 # why\n") == Path("/made/mlflow,missing==1")


def test_what_cannot_be_installed_is_named_with_what_is_lacking(tmp_path):
    with pytest.raises(RuntimeError, match=r"needs broken \(not installed\). Could not install broken"):
        python(tmp_path, "broken")
