"""Emptying a workspace through its API, each thing before those that it uses."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.jobs import RunLifeCycleState
from databricks.sdk.service.workspace import ObjectType

_KEPT_SCHEMAS = {"default", "information_schema"}  # the schemas that a catalog comes with
_ENDED = {RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR}
_DEFAULT_EXPERIMENT = "0"  # MLflow's own, which can't be deleted
_OWN_USER = "1"  # the id of the user who owns the workspace, and can't be deleted
_PAGE = 1000  # MLflow refuses a search that does not say how many


def reset(w: WorkspaceClient) -> None:
    """Delete all that can be made through the API. Raises what a deletion raises."""
    for step in (
        _apps,
        _jobs,
        _pipelines,
        _endpoints,
        _lakebase,
        _sql,
        _catalogs,
        _scopes,
        _people,  # before the files: a user's home is always there
        _files,
        _experiments,
    ):
        step(w)


def _apps(w: WorkspaceClient) -> None:
    for app in list(w.apps.list()):
        w.apps.delete(app.name)


def _jobs(w: WorkspaceClient) -> None:
    """Jobs with their runs, then the runs that were submitted without a job."""
    for job in list(w.jobs.list()):
        w.jobs.delete(_given(job.job_id))
    for run in list(w.jobs.list_runs()):
        if run.state and run.state.life_cycle_state not in _ENDED:
            w.jobs.cancel_run_and_wait(_given(run.run_id))
        w.jobs.delete_run(_given(run.run_id))


def _pipelines(w: WorkspaceClient) -> None:
    for pipeline in list(w.pipelines.list_pipelines()):
        w.pipelines.delete(_given(pipeline.pipeline_id))


def _endpoints(w: WorkspaceClient) -> None:
    for endpoint in list(w.serving_endpoints.list()):
        w.serving_endpoints.delete(_given(endpoint.name))


def _lakebase(w: WorkspaceClient) -> None:
    """Projects with their synced tables, catalogs and databases."""
    for project in list(w.postgres.list_projects()):
        w.postgres.delete_project(_given(project.name), purge=True).wait()


def _sql(w: WorkspaceClient) -> None:
    for query in list(w.queries.list()):
        w.queries.delete(_given(query.id))
    for warehouse in list(w.warehouses.list()):
        w.warehouses.delete(_given(warehouse.id))


def _catalogs(w: WorkspaceClient) -> None:
    """The catalog with what is in it. With default storage it can't be made again, so it stays, empty."""
    for catalog in [_given(catalog.name) for catalog in w.catalogs.list()]:
        if w.metastores.summary().storage_root:
            w.catalogs.delete(catalog, force=True)
        else:
            _empty(w, catalog)


def _empty(w: WorkspaceClient, catalog: str) -> None:
    for schema in list(w.schemas.list(catalog)):
        if schema.name not in _KEPT_SCHEMAS:
            w.schemas.delete(_given(schema.full_name), force=True)
    for table in list(w.tables.list(catalog, "default")):
        w.tables.delete(_given(table.full_name))
    for function in list(w.functions.list(catalog, "default")):
        w.functions.delete(_given(function.full_name))
    for volume in list(w.volumes.list(catalog, "default")):
        w.volumes.delete(_given(volume.full_name))
    for model in list(w.registered_models.list(catalog_name=catalog, schema_name="default")):
        for version in list(w.model_versions.list(_given(model.full_name))):
            w.model_versions.delete(_given(model.full_name), _given(version.version))
        w.registered_models.delete(_given(model.full_name))


def _scopes(w: WorkspaceClient) -> None:
    for scope in list(w.secrets.list_scopes()):
        w.secrets.delete_scope(_given(scope.name))


def _files(w: WorkspaceClient, folder: str = "/") -> None:
    for file in list(w.workspace.list(folder)):
        try:
            w.workspace.delete(_given(file.path), recursive=True)
        except BadRequest:
            if file.object_type is not ObjectType.DIRECTORY:
                raise
            _files(w, _given(file.path))  # that of a folder which is always there


def _experiments(w: WorkspaceClient) -> None:
    for experiment in list(w.experiments.search_experiments(max_results=_PAGE)):
        if experiment.experiment_id != _DEFAULT_EXPERIMENT:
            w.experiments.delete_experiment(_given(experiment.experiment_id))


def _people(w: WorkspaceClient) -> None:
    """Users other than the workspace's own, and service principals other than those of apps, which are gone."""
    for user in list(w.users.list()):
        if _given(user.id) != _OWN_USER:
            w.users.delete(_given(user.id))
    for principal in list(w.service_principals.list()):
        w.service_principals.delete(_given(principal.id))


def _given[T](value: T | None) -> T:
    """A field that the SDK declares as optional and the workspace always sends."""
    if value is None:
        raise ValueError("The workspace listed something without a name or id.")
    return value
