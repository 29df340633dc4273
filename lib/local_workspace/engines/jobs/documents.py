"""What the store keeps of jobs, in the shape of Jobs API 2.2. Times are milliseconds since 1970."""

from typing import NotRequired, TypedDict


class Dependency(TypedDict):
    """A task that another task waits for; `outcome` is the one of a condition task, "true" or "false"."""

    task_key: str
    outcome: NotRequired[str]


class NotebookTask(TypedDict):
    """A notebook of the workspace, and the task's own parameters for it."""

    notebook_path: str
    base_parameters: NotRequired[dict[str, object]]
    source: NotRequired[str]
    warehouse_id: NotRequired[str]


class PipelineTask(TypedDict):
    """A pipeline to update."""

    pipeline_id: str
    full_refresh: NotRequired[bool]


class SparkPythonTask(TypedDict):
    """A Python file of the workspace or a volume, and its command-line parameters."""

    python_file: str
    parameters: NotRequired[list[str]]
    source: NotRequired[str]


class PythonWheelTask(TypedDict):
    """An entry point of an installed package, and its command-line parameters: a list, or names with values."""

    package_name: str
    entry_point: str
    parameters: NotRequired[list[str]]
    named_parameters: NotRequired[dict[str, str]]


class SqlFile(TypedDict):
    """A SQL file of the workspace."""

    path: str
    source: NotRequired[str]


class SqlQuery(TypedDict):
    """A saved query."""

    query_id: str


class SqlTask(TypedDict):
    """A SQL file or a saved query to run on a warehouse, with values for its parameters."""

    warehouse_id: str
    file: NotRequired[SqlFile]
    query: NotRequired[SqlQuery]
    parameters: NotRequired[dict[str, str]]


class PyPiLibrary(TypedDict):
    """A package of an index of packages, as a requirement."""

    package: str
    repo: NotRequired[str]


class Library(TypedDict, total=False):
    """A library to install for a task; exactly one field is set."""

    whl: str
    pypi: PyPiLibrary
    requirements: str


class EnvironmentSpec(TypedDict, total=False):
    """What is installed for a task: `dependencies` are lines of a requirements file."""

    client: str
    environment_version: str
    dependencies: list[str]


class JobEnvironment(TypedDict):
    """An environment of a job, to which tasks refer by its key."""

    environment_key: str
    spec: NotRequired[EnvironmentSpec]


class ConditionTask(TypedDict):
    """A comparison of two texts; `outcome`, "true" or "false", is set in a run that has compared them."""

    op: str
    left: str
    right: str
    outcome: NotRequired[str]


class RunJobTask(TypedDict):
    """Another job to run, with values for its parameters."""

    job_id: int
    job_parameters: NotRequired[dict[str, str]]
    notebook_params: NotRequired[dict[str, str]]


class IterationCounts(TypedDict):
    """How many iterations a task has, in which states."""

    active_iterations: int
    completed_iterations: int
    failed_iterations: int
    scheduled_iterations: int
    succeeded_iterations: int
    total_iterations: int


class ErrorMessageCount(TypedDict):
    """How often iterations failed with an error message."""

    count: int
    error_message: str
    termination_category: str


class ForEachStats(TypedDict):
    """What has become of a task's iterations, with the three most frequent errors."""

    task_run_stats: IterationCounts
    error_message_stats: list[ErrorMessageCount]


class ForEachTask(TypedDict):
    """A task to run for each element of a JSON array; `stats` is set in a run."""

    inputs: str
    task: "Task"
    concurrency: NotRequired[int]
    stats: NotRequired[ForEachStats]


class EmailNotifications(TypedDict, total=False):
    """Who gets an e-mail when a run or task starts or ends."""

    on_start: list[str]
    on_success: list[str]
    on_failure: list[str]
    no_alert_for_skipped_runs: bool


class NotificationSettings(TypedDict, total=False):
    """Of which failed runs or tasks there is no e-mail."""

    no_alert_for_skipped_runs: bool
    no_alert_for_canceled_runs: bool


class TaskNotificationSettings(NotificationSettings, total=False):
    """Of which failed or repeated attempts of a task there is no e-mail."""

    alert_on_last_attempt: bool


class Task(TypedDict):
    """A node of a job's graph; exactly one of the `*_task` fields says what it does."""

    task_key: str
    depends_on: NotRequired[list[Dependency]]
    run_if: NotRequired[str]
    disabled: NotRequired[bool]
    max_retries: NotRequired[int]
    min_retry_interval_millis: NotRequired[int]
    retry_on_timeout: NotRequired[bool]
    timeout_seconds: NotRequired[int]
    new_cluster: NotRequired[dict[str, object]]
    description: NotRequired[str]
    notebook_task: NotRequired[NotebookTask]
    pipeline_task: NotRequired[PipelineTask]
    spark_python_task: NotRequired[SparkPythonTask]
    python_wheel_task: NotRequired[PythonWheelTask]
    sql_task: NotRequired[SqlTask]
    libraries: NotRequired[list[Library]]
    environment_key: NotRequired[str]
    condition_task: NotRequired[ConditionTask]
    for_each_task: NotRequired[ForEachTask]
    run_job_task: NotRequired[RunJobTask]
    email_notifications: NotRequired[EmailNotifications]
    notification_settings: NotRequired[TaskNotificationSettings]


class Parameter(TypedDict):
    """A job parameter and its default value."""

    name: str
    default: str


class Schedule(TypedDict):
    """When a job starts on its own: a Quartz expression in a time zone."""

    quartz_cron_expression: str
    timezone_id: str
    pause_status: NotRequired[str]


class Period(TypedDict):
    """A number of HOURS, DAYS or WEEKS."""

    interval: int
    unit: str


class Timing(TypedDict):
    """When a trigger that has seen a change starts a run, in seconds since its last run and since the last change."""

    min_time_between_triggers_seconds: NotRequired[int]
    wait_after_last_change_seconds: NotRequired[int]


class FileArrival(Timing):
    """New files below a path in a volume."""

    url: str


class TableUpdate(Timing):
    """Commits to any of some tables, or to all of them since the last run."""

    table_names: list[str]
    condition: NotRequired[str]


class Trigger(TypedDict):
    """What else than a schedule starts a job on its own."""

    periodic: NotRequired[Period]
    file_arrival: NotRequired[FileArrival]
    table_update: NotRequired[TableUpdate]
    pause_status: NotRequired[str]


class JobCluster(TypedDict, total=False):
    """The cluster that tasks with this key would run on."""

    job_cluster_key: str
    new_cluster: dict[str, object]


class Queue(TypedDict):
    """Whether a run waits while the job is at its limit."""

    enabled: bool


class SentSettings(TypedDict, total=False):
    """The job settings that a request may contain."""

    name: str
    description: str
    tags: dict[str, str]
    tasks: list[Task]
    parameters: list[Parameter]
    schedule: Schedule
    trigger: Trigger
    queue: Queue
    job_clusters: list[JobCluster]
    environments: list[JobEnvironment]
    format: str
    max_concurrent_runs: int
    timeout_seconds: int
    email_notifications: EmailNotifications
    notification_settings: NotificationSettings


class Settings(TypedDict):
    """A job's settings, with the defaults filled in."""

    name: str
    format: str
    max_concurrent_runs: int
    timeout_seconds: int
    description: NotRequired[str]
    tags: NotRequired[dict[str, str]]
    job_clusters: NotRequired[list[JobCluster]]
    tasks: NotRequired[list[Task]]
    parameters: NotRequired[list[Parameter]]
    schedule: NotRequired[Schedule]
    trigger: NotRequired[Trigger]
    queue: NotRequired[Queue]
    environments: NotRequired[list[JobEnvironment]]
    email_notifications: NotRequired[EmailNotifications]
    notification_settings: NotRequired[NotificationSettings]


class Job(TypedDict):
    """A job."""

    job_id: int
    created_time: int
    settings: Settings
