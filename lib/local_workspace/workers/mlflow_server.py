"""MLflow's server with experiments as Databricks keeps them: `uvicorn local_workspace.workers.mlflow_server:app`."""

# mypy: disable-error-code="no-untyped-call"
# MLflow's stores have no annotations.

import os
import shutil
from pathlib import Path

from mlflow.entities import LifecycleStage
from mlflow.entities.experiment_tag import ExperimentTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS
from mlflow.server import handlers
from mlflow.server.constants import ARTIFACTS_DESTINATION_ENV_VAR
from mlflow.server.fastapi_app import app as app
from mlflow.store.tracking.dbmodels.models import SqlExperiment, SqlTraceInfo
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.file_utils import local_file_uri_to_path


class Store(SqlAlchemyStore):
    """MLflow's store, with the files of traces below `artifacts`, in which the name of a deleted experiment is free.

    Databricks has it so (https://github.com/mlflow/mlflow/issues/6445, and `w.experiments.get_by_name`: "prefers the
    active experiment if an active and deleted experiment share the same name"). The database wants unique names: the
    deleted experiment gets another one when its own is taken, and its own again when it is restored.
    """

    def __init__(self, store_uri: str, artifact_uri: str, artifacts: Path) -> None:
        super().__init__(store_uri, artifact_uri)
        self._artifacts = artifacts

    def delete_traces(
        self,
        experiment_id: str,
        max_timestamp_millis: int | None = None,
        max_traces: int | None = None,
        trace_ids: list[str] | None = None,
    ) -> int:
        """As MLflow's, which leaves the traces' files."""
        deleted: int = super().delete_traces(experiment_id, max_timestamp_millis, max_traces, trace_ids)
        with self.ManagedSessionMaker(read_only=True) as session:
            traces = session.query(SqlTraceInfo.request_id).filter_by(experiment_id=int(experiment_id))
            held = {trace_id for (trace_id,) in traces}
        # A trace is in the database before its files are written: those without one are of deleted traces.
        for files in (self._artifacts / experiment_id / "traces").glob("*"):
            if files.name not in held:
                shutil.rmtree(files)
        return deleted

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: list[ExperimentTag] | None = None
    ) -> str:
        """The id of a new experiment. Raises MlflowException RESOURCE_ALREADY_EXISTS if an active one has the name."""
        self._free(name)
        created: str = super().create_experiment(name, artifact_location, tags)
        return created

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an active experiment another name. Raises as `create_experiment`."""
        if self.get_experiment(experiment_id).lifecycle_stage == LifecycleStage.ACTIVE:
            self._free(new_name, but=experiment_id)
        super().rename_experiment(experiment_id, new_name)

    def restore_experiment(self, experiment_id: str) -> None:
        """Make a deleted experiment active, under the name it had. Raises as `create_experiment`."""
        aside = self.get_experiment(experiment_id).name
        name = aside.removesuffix(_aside("", experiment_id))
        if name != aside:
            self._free(name)
        super().restore_experiment(experiment_id)
        super().rename_experiment(experiment_id, name)

    def _free(self, name: str, but: str | None = None) -> None:
        """Let no experiment `but` this have `name`. Raises MlflowException if that is an active one."""
        held = self.get_experiment_by_name(name)
        if held is None or held.experiment_id == but:
            return
        if held.lifecycle_stage == LifecycleStage.ACTIVE:
            raise MlflowException(f"Experiment '{name}' already exists.", RESOURCE_ALREADY_EXISTS)
        with self.ManagedSessionMaker(read_only=False) as session:
            deleted = {"name": name, "lifecycle_stage": LifecycleStage.DELETED}
            aside = {SqlExperiment.name: _aside(name, held.experiment_id)}
            session.query(SqlExperiment).filter_by(**deleted).update(aside)


def _aside(name: str, experiment_id: str) -> str:
    """What a deleted experiment is called while another has its name."""
    return f"{name} (deleted, id {experiment_id})"


def _store(store_uri: str, artifact_uri: str) -> Store:
    artifacts = Path(local_file_uri_to_path(os.environ[ARTIFACTS_DESTINATION_ENV_VAR]))
    return Store(store_uri, artifact_uri, artifacts)


# The scheme of `MlflowEngine`'s database. MLflow's own way to add a store is an entry point of a distribution, which
# this package, used from a folder, may not have.
handlers._tracking_store_registry.register("sqlite", _store)
