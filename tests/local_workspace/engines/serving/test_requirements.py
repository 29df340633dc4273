"""Which models the workspace's environment can run."""

from importlib.metadata import version

import pytest

from local_workspace.engines.serving.requirements import unmet

MLFLOW = version("mlflow")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", []),
        ("mlflow", []),
        (f"mlflow=={MLFLOW}\n# a comment\n--extra-index-url https://x\n\nPyDantic>=1 # why\n", []),
        ("databricks-sdk[openai]>0.1", []),
        ("colorama==0.0.1; sys_platform == 'win32'", []),
        ("mlflow==1.0.0", [f"mlflow==1.0.0 (installed is {MLFLOW})"]),
        ("no-such-package>=2\nmlflow", ["no-such-package>=2 (not installed)"]),
        ("code/wheel.whl", ["code/wheel.whl (no name of a package)"]),
    ],
)
def test_what_is_missing_is_named_with_what_is_there(tmp_path, text, problems):
    (tmp_path / "requirements.txt").write_text(text)
    assert unmet(tmp_path) == problems


def test_a_model_without_requirements_needs_nothing(tmp_path):
    assert unmet(tmp_path) == []
