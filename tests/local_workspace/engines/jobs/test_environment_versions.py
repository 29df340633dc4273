"""What the versions of serverless environments bring."""

import pytest

from local_workspace.engines.jobs.environment_versions import packages
from local_workspace.runtime.errors import ApiError


@pytest.mark.parametrize("version", ["1", "2", "3", "4", "5", "6"])
def test_each_version_has_spark_and_the_usual_packages(version):
    assert {"databricks-connect", "databricks-sdk", "ipykernel", "numpy", "pandas", "pyarrow"} <= packages(version)


def test_versions_differ():
    with_them = {
        name: [v for v in "123456" if name in packages(v)] for name in ("mlflow-skinny", "openai", "deltalake")
    }
    assert with_them == {"mlflow-skinny": list("23456"), "openai": ["5"], "deltalake": ["5", "6"]}


def test_another_version_is_refused_with_those_that_there_are():
    with pytest.raises(ApiError, match=r"spec.environment_version must be one of 1, 2, 3, 4, 5, 6, not '7'"):
        packages("7", "spec.")
