"""Where the files of runs, logged models and traces are for clients of Databricks."""

import pytest

from local_workspace.engines.mlflow.artifacts import ArtifactFiles, as_on_databricks
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.partial_files import PartialFiles

ROOT = "/WorkspaceInternal/Mlflow/Artifacts"


def _check(experiment_id: str) -> None:
    if experiment_id != "7":
        raise not_found(f"No Experiment with id={experiment_id} exists")


@pytest.fixture
def files(tmp_path):
    return ArtifactFiles(tmp_path, _check, PartialFiles(tmp_path / "partial"))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (f"{ROOT}/7/Runs/abc/artifacts/a b/c.txt", "7/abc/artifacts/a b/c.txt"),
        (f"{ROOT}/7/Runs/abc", "7/abc"),
        (f"{ROOT.lstrip('/')}/7/LoggedModels/m-1/artifacts/MLmodel", "7/models/m-1/artifacts/MLmodel"),
    ],
)
def test_a_path_leads_to_where_mlflow_keeps_the_file(files, tmp_path, path, place):
    assert files.resolve(path) == files.writable(path) == tmp_path / place


@pytest.mark.parametrize(
    "path",
    [
        f"{ROOT}/7/Runs/abc/../../../x",
        f"{ROOT}/../Runs/abc",
        f"{ROOT}/7/Runs/..",
        f"{ROOT}/7/Traces/abc",
        f"{ROOT}/x/Runs/abc",
        f"{ROOT}/7/Runs/a/b\0",
        "/WorkspaceInternal",
    ],
)
def test_another_path_is_refused(files, path):
    with pytest.raises(ApiError) as refused:
        files.resolve(path)
    assert refused.value.status == 400


def test_nothing_is_written_for_an_experiment_that_is_not_there(files):
    with pytest.raises(ApiError, match="No Experiment with id=8"):
        files.writable(f"{ROOT}/8/Runs/abc/artifacts/x")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("mlflow-artifacts:/1", "dbfs:/databricks/mlflow-tracking/1"),
        ("mlflow-artifacts:/1/abc/artifacts", "dbfs:/databricks/mlflow-tracking/1/abc/artifacts"),
        ("mlflow-artifacts:/1/models/m-1/artifacts", "dbfs:/databricks/mlflow-tracking/1/logged_models/m-1/artifacts"),
        ("mlflow-artifacts:/1/traces/tr-1/artifacts", "dbfs:/databricks/mlflow-tracking/1/tr-1/artifacts"),
        ("mlflow-artifacts:/1/modelsome/x", "dbfs:/databricks/mlflow-tracking/1/modelsome/x"),
        ("s3://bucket/1", "s3://bucket/1"),
        ("see mlflow-artifacts:/1", "see mlflow-artifacts:/1"),
    ],
)
def test_answers_have_the_addresses_of_databricks(ours, theirs):
    assert as_on_databricks(f'{{"uri": "{ours}"}}'.encode()) == f'{{"uri": "{theirs}"}}'.encode()


def test_spans_are_in_a_file_for_clients_of_databricks():
    """Which they read by a link that leads to the spans, wherever MLflow keeps them."""
    answer = as_on_databricks(b'{"tags": {"mlflow.trace.spansLocation": "TRACKING_STORE", "x": "TRACKING_STORE"}}')
    assert answer == b'{"tags": {"mlflow.trace.spansLocation": "ARTIFACT_REPO", "x": "TRACKING_STORE"}}'
