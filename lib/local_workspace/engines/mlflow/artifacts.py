"""The files of runs and logged models, where Databricks' clients look for them.

MLflow's client of a Databricks workspace finds `dbfs:/databricks/mlflow-tracking/…` as the address of a run's, a logged
model's or a trace's files. It reads and writes those of the first two by the Files API under
`/WorkspaceInternal/Mlflow/Artifacts` (mlflow/store/artifact/databricks_run_artifact_repo.py and
databricks_logged_model_artifact_repo.py). On disk they are where MLflow's own server keeps them.
"""

import re
from collections.abc import Callable
from pathlib import Path

from local_workspace.engines.files import FileTree, check_length
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.partial_files import PartialFiles

ROOT = "WorkspaceInternal"
_PATH = re.compile(
    r"/*WorkspaceInternal/Mlflow/Artifacts/(\d{1,18})/(Runs|LoggedModels)/([\w-]{1,100})(/.*)?", re.ASCII
)
_FOLDERS = {"Runs": "", "LoggedModels": "models"}
_ADDRESS = re.compile(rb'"mlflow-artifacts:/(\d+)(/(?:models|traces)(?=/))?([^"]*)"')
_SPANS = re.compile(rb'("mlflow\.trace\.spansLocation"\s*:\s*)"TRACKING_STORE"')
_KINDS = {b"/models": b"/logged_models", b"/traces": b"", b"": b""}


class ArtifactFiles(FileTree):
    """Reads and writes the files in `root`; `check` raises ApiError 404 for the id of an experiment that is not."""

    def __init__(self, root: Path, check: Callable[[str], None], partial: PartialFiles) -> None:
        super().__init__(partial)
        self._root, self._check = root, check

    def resolve(self, path: str) -> Path:
        """The local path of a file of a run or logged model. Raises ApiError 400 for another path."""
        check_length(path)
        match = _PATH.fullmatch(path)
        rest = match[4].split("/") if match and match[4] else []
        if match is None or ".." in rest or "\0" in path:
            raise invalid(f"'{path[:80]}' is not a path of a run's or logged model's files.")
        return self._root.joinpath(match[1], _FOLDERS[match[2]], match[3], *rest[1:])

    def writable(self, path: str) -> Path:
        """As `resolve`. Raises ApiError 404 if there is no such experiment."""
        local = self.resolve(path)
        self._check(local.relative_to(self._root).parts[0])
        return local


def as_on_databricks(answer: bytes) -> bytes:
    """An answer of MLflow's server with the addresses of files as Databricks has them, and all spans in files."""
    return _SPANS.sub(rb'\1"ARTIFACT_REPO"', _ADDRESS.sub(_on_databricks, answer))


def _on_databricks(match: re.Match[bytes]) -> bytes:
    return b'"dbfs:/databricks/mlflow-tracking/%b%b%b"' % (match[1], _KINDS[match[2] or b""], match[3])
