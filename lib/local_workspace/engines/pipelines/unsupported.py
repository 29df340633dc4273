"""Settings of pipelines: those supported, those stored without effect, and those refused, with what to do instead.

Every parameter of the SDK's `create`, `update` and `start_update` is in one of the tables of its kind; a test compares
them. Their meaning on Databricks: https://docs.databricks.com/api/workspace/pipelines/create.
"""

from local_workspace.runtime.refusals import Reasons

DONE = frozenset(
    (
        "allow_duplicate_names",
        "catalog",
        "configuration",
        "continuous",
        "expected_last_modified",
        "libraries",
        "name",
        "root_path",
        "schema",
        "target",
    )
)
# Stored and returned without effect: descriptions, and the choice and billing of compute and products.
WITHOUT_EFFECT = frozenset(
    (
        "budget_policy_id",
        "channel",
        "clusters",
        "deployment",  # the bundle that deployed the pipeline
        "development",
        "edition",
        "environment",  # of serverless compute: updates run in the environment of the workspace
        "id",
        "parent_path",
        "photon",
        "restart_window",  # nothing restarts a pipeline here
        "serverless",
        "serverless_compute_id",
        "tags",
        "usage_policy_id",
    )
)
REFUSED: Reasons = {
    "dry_run": "create the pipeline and start an update",
    "event_log": "read the events with `list_pipeline_events`",
    "filters": "name the source files in `libraries`",
    "gateway_definition": "a local workspace has no connections to ingest from; read files of a volume",
    "ingestion_definition": "a local workspace has no connections to ingest from; read files of a volume",
    "notifications": "a local workspace sends no notifications; leave the field out, and watch the events",
    "parameters": "put the values into `configuration`",
    "run_as": "a local workspace runs everything as its own user; leave the field out",
    "storage": "name a `schema` to publish to; checkpoints are in the workspace's home",
    "trigger": "set `continuous`, or update the pipeline by a job with a schedule",
}
CLUSTER_REFUSED: Reasons = {
    "init_scripts": "prepare the machine before the workspace is started",
    "spark_conf": "put it into the pipeline's `configuration`",
    "spark_env_vars": "put the values into the pipeline's `configuration`",
}
LIBRARY_DONE = frozenset(("file", "glob", "notebook"))
LIBRARY_REFUSED: Reasons = {
    "jar": "a local workspace runs Python and SQL source files",
    "maven": "a local workspace runs Python and SQL source files",
    "whl": "add the package to the workspace's environment with `uv add`",
}

UPDATE_DONE = frozenset(("cause", "full_refresh"))
UPDATE_WITHOUT_EFFECT = frozenset(("development",))
_WHOLE = "a local workspace updates whole pipelines; leave the field out"
UPDATE_REFUSED: Reasons = {
    "full_refresh_selection": "a local workspace updates whole pipelines; use `full_refresh`",
    "full_refresh_selection_by_path": "a local workspace updates whole pipelines; use `full_refresh`",
    "parameters": "put the values into the pipeline's `configuration`",
    "refresh_selection": _WHOLE,
    "refresh_selection_by_path": _WHOLE,
    "replace_where_overrides": _WHOLE,
    "reset_checkpoint_selection": "a local workspace updates whole pipelines; use `full_refresh`",
    "rewind_spec": _WHOLE,
    "validate_only": "start an update; one that fails leaves the published tables as they were",
}
