"""Settings of jobs: those supported, those stored without effect, and those refused, with what to do instead.

Every field of the SDK's `JobSettings` and `Task` is in one of the three tables of its kind; a test compares them. Their
meaning on Databricks: https://docs.databricks.com/api/workspace/jobs/create.
"""

from collections.abc import Mapping

from local_workspace.runtime.refusals import Reasons, refuse

_NOTIFIED = "a local workspace sends no notifications; leave the field out, and watch the run"
_PYTHON_ONLY = "a local workspace installs Python packages only; use whl, pypi or requirements"
_OWN_USER = "a local workspace runs everything as its own user; leave the field out"
_JOB_PARAMETERS = "use `job_parameters`"
_KIND = "a local workspace does not run this kind of task; do this from a notebook"

JOB_DONE = frozenset(
    (
        "name",
        "tasks",
        "environments",
        "parameters",
        "schedule",
        "trigger",
        "queue",
        "format",
        "max_concurrent_runs",
        "timeout_seconds",
        "email_notifications",
        "notification_settings",
    )
)
# Stored and returned without effect: descriptions of a job, and the choice and billing of its compute.
JOB_WITHOUT_EFFECT = frozenset(
    (
        "budget_policy_id",
        "deployment",  # the bundle that deployed the job
        "description",
        "edit_mode",  # of Databricks' UI
        "job_clusters",
        "parent_path",  # where Databricks' UI lists the job
        "performance_target",  # of serverless compute
        "tags",
        "usage_policy_id",
    )
)
JOB_REFUSED: Reasons = {
    "continuous": "give the job a `schedule` or a `trigger` with a short period instead",
    "duration_target": "use `timeout_seconds`, which ends a run that takes too long",
    "environment_variables": "set them in the environment that the workspace is started in, or in the notebook",
    "git_source": "import the repository's notebooks into the workspace and name them by their workspace path",
    "health": "use `timeout_seconds`, which ends a run that takes too long",
    "run_as": _OWN_USER,
    "triggers": "give the job one `schedule` or one `trigger`",
    "webhook_notifications": _NOTIFIED,
}

TASK_DONE = frozenset(
    (
        "task_key",
        "condition_task",
        "depends_on",
        "description",
        "disabled",
        "email_notifications",
        "environment_key",
        "for_each_task",
        "libraries",
        "max_retries",
        "min_retry_interval_millis",
        "notebook_task",
        "notification_settings",
        "pipeline_task",
        "python_wheel_task",
        "retry_on_timeout",
        "run_if",
        "run_job_task",
        "spark_python_task",
        "sql_task",
        "timeout_seconds",
    )
)
TASK_WITHOUT_EFFECT = frozenset(
    (
        "disable_auto_optimization",  # of serverless compute
        "existing_cluster_id",
        "job_cluster_key",
        "new_cluster",
    )
)
TASK_REFUSED: Reasons = {
    "ai_function_task": _KIND,
    "ai_runtime_task": _KIND,
    "alert_task": _KIND,
    "clean_rooms_notebook_task": _KIND,
    "compute": "a local workspace has the processors of its machine; leave the field out",
    "dashboard_task": _KIND,
    "dbt_cloud_task": _KIND,
    "dbt_platform_task": _KIND,
    "dbt_task": _KIND,
    "environment_variables_key": JOB_REFUSED["environment_variables"],
    "gen_ai_compute_task": _KIND,
    "health": JOB_REFUSED["health"],
    "power_bi_task": _KIND,
    "python_operator_task": _KIND,
    "spark_jar_task": _KIND,
    "spark_submit_task": _KIND,
    "webhook_notifications": _NOTIFIED,
}

_MUTED = ("no_alert_for_skipped_runs", "no_alert_for_canceled_runs")
_TIMING = ("min_time_between_triggers_seconds", "wait_after_last_change_seconds")
PARTS_DONE = {
    "condition_task": frozenset(("op", "left", "right")),
    "depends_on": frozenset(("task_key", "outcome")),
    "email_notifications": frozenset(("on_start", "on_success", "on_failure", "no_alert_for_skipped_runs")),
    "environments": frozenset(("environment_key", "spec")),
    "file_arrival": frozenset(("url", *_TIMING)),
    "for_each_task": frozenset(("inputs", "task", "concurrency")),
    "libraries": frozenset(("whl", "pypi", "requirements")),
    "notification_settings": frozenset(_MUTED),
    "task_notification_settings": frozenset((*_MUTED, "alert_on_last_attempt")),
    "notebook_task": frozenset(("notebook_path", "base_parameters", "source", "warehouse_id")),
    "pipeline_task": frozenset(("pipeline_id", "full_refresh")),
    "python_wheel_task": frozenset(("package_name", "entry_point", "parameters", "named_parameters")),
    "run_job_task": frozenset(("job_id", "job_parameters", "notebook_params")),
    "schedule": frozenset(("quartz_cron_expression", "timezone_id", "pause_status")),
    "spark_python_task": frozenset(("python_file", "parameters", "source")),
    "sql_task": frozenset(("warehouse_id", "file", "query", "parameters")),
    "file": frozenset(("path", "source")),
    "query": frozenset(("query_id",)),
    "spec": frozenset(("client", "environment_version", "dependencies")),
    "table_update": frozenset(("table_names", "condition", *_TIMING)),
    "trigger": frozenset(("periodic", "file_arrival", "table_update", "pause_status")),
}
PARTS_REFUSED: Mapping[str, Reasons] = {
    "condition_task": {},
    "depends_on": {},
    "email_notifications": {
        "on_duration_warning_threshold_exceeded": "use `timeout_seconds`, and `on_failure`",
        "on_maintenance_complete": "a local workspace has no continuous jobs; leave the field out",
        "on_maintenance_start": "a local workspace has no continuous jobs; leave the field out",
        "on_streaming_backlog_exceeded": "a local workspace does not measure it; leave the field out",
    },
    "environments": {},
    "file_arrival": {},
    "for_each_task": {},
    "libraries": {
        "cran": _PYTHON_ONLY,
        "egg": "Databricks installs eggs no longer; build a wheel",
        "jar": _PYTHON_ONLY,
        "maven": _PYTHON_ONLY,
    },
    "notification_settings": {},
    "task_notification_settings": {},
    "notebook_task": {},
    "pipeline_task": {
        "full_refresh_selection": "a local workspace updates whole pipelines; use `full_refresh`",
        "parameters": "put the values into the pipeline's `configuration`",
        "refresh_flow_selection": "a local workspace updates whole pipelines; leave the field out",
        "refresh_selection": "a local workspace updates whole pipelines; leave the field out",
        "reset_checkpoint_selection": "a local workspace updates whole pipelines; use `full_refresh`",
    },
    "python_wheel_task": {},
    "run_job_task": {
        "dbt_commands": _JOB_PARAMETERS,
        "jar_params": _JOB_PARAMETERS,
        "pipeline_params": "set full_refresh in the other job's pipeline_task",
        "python_named_params": _JOB_PARAMETERS,
        "python_params": _JOB_PARAMETERS,
        "spark_submit_params": _JOB_PARAMETERS,
        "sql_params": _JOB_PARAMETERS,
    },
    "schedule": {"sql_condition": "test the condition in the job's first notebook"},
    "spark_python_task": {},
    "sql_task": {
        "alert": "a local workspace has no alerts; run the alert's query, and test its result in a condition_task",
        "dashboard": "a local workspace has no dashboards; run their queries",
    },
    "file": {},
    "query": {},
    "spec": {
        "base_environment": "name its packages in `dependencies`, or in a requirements file there with `-r`",
        "java_dependencies": "a local workspace installs Python packages only",
        "project_environment": "name the project in `dependencies` with `--editable`",
    },
    "table_update": {},
    "trigger": {
        "job_completion": "make the other job's tasks and these one job",
        "model": "give the job a `schedule`",
        "sql_condition": "test the condition in the job's first notebook",
    },
}
_CLUSTER_REFUSED: Reasons = {
    "init_scripts": "prepare the machine before the workspace is started",
    "spark_conf": "set it in the notebook with `spark.conf.set`",
    "spark_env_vars": JOB_REFUSED["environment_variables"],
}


def refuse_part(part: Mapping[str, object], kind: str, place: str) -> None:
    """Raise ApiError for an unsupported field of a part of a job or task, such as its `schedule`."""
    refuse(part, PARTS_DONE[kind], PARTS_REFUSED[kind], f"{place}.")


# That a cluster is one machine: https://docs.databricks.com/aws/en/compute/configure#single-node-compute.
_SINGLE_NODE = frozenset(("spark.databricks.cluster.profile", "spark.master"))


def refuse_cluster(cluster: Mapping[str, object], place: str) -> None:
    """Raise ApiError for settings that would change what runs; the machines' kind and number have no effect."""
    conf = cluster.get("spark_conf")
    if isinstance(conf, dict) and conf.keys() <= _SINGLE_NODE:
        cluster = {name: value for name, value in cluster.items() if name != "spark_conf"}
    refuse(cluster, frozenset(cluster) - _CLUSTER_REFUSED.keys(), _CLUSTER_REFUSED, f"{place}.")
