"""The bodies of Jobs API requests. Settings that a local workspace doesn't heed are kept as they came."""

from typing import Annotated, Any, Literal, cast

from pydantic import Field

from local_workspace.engines.jobs.documents import SentSettings
from local_workspace.http.bodies import Body, Name, PathText, Text
from local_workspace.routes.permissions import AccessControl
from local_workspace.runtime.permissions import Grant

Parameters = dict[Text, str | bool | int | float]
MAX_INT = 2**31 - 1
Seconds = Annotated[int, Field(ge=0, le=MAX_INT)]


class Dependency(Body):
    """A task that another one waits for."""

    task_key: Text
    outcome: Text | None = None


class NotebookTask(Body):
    """A notebook to run, with its parameters."""

    notebook_path: Text
    base_parameters: Parameters | None = None
    source: Text | None = None
    warehouse_id: Text | None = None


class PipelineTask(Body):
    """A pipeline to update."""

    pipeline_id: Name
    full_refresh: bool | None = None


class SparkPythonTask(Body):
    """A Python file to run."""

    python_file: PathText
    parameters: list[Text] | None = None
    source: Text | None = None


class PythonWheelTask(Body):
    """An entry point of a package to run."""

    package_name: Name
    entry_point: Name
    parameters: list[Text] | None = None
    named_parameters: dict[Text, Text] | None = None


class SqlFile(Body):
    """A SQL file of the workspace."""

    path: PathText
    source: Text | None = None


class SqlQuery(Body):
    """A saved query."""

    query_id: Text


class SqlTask(Body):
    """A SQL file or a query to run."""

    warehouse_id: Text
    file: SqlFile | None = None
    query: SqlQuery | None = None
    parameters: dict[Text, Text] | None = None


class PyPiLibrary(Body):
    """A package of an index."""

    package: Name
    repo: Text | None = None


class Library(Body):
    """A library to install for a task."""

    whl: PathText | None = None
    pypi: PyPiLibrary | None = None
    requirements: PathText | None = None


class EnvironmentSpec(Body):
    """What is installed for a task."""

    client: Text | None = None
    environment_version: Text | None = None
    dependencies: Annotated[list[Text], Field(max_length=1000)] | None = None


class JobEnvironment(Body):
    """An environment to which tasks refer by its key."""

    environment_key: Name
    spec: EnvironmentSpec | None = None


class ConditionTask(Body):
    """A comparison of two texts."""

    op: Text
    left: Text
    right: Text


class RunJobTask(Body):
    """Another job to run."""

    job_id: int
    job_parameters: Parameters | None = None
    notebook_params: Parameters | None = None


class ForEachTask(Body):
    """A task to run for each element of a JSON array."""

    inputs: Text
    task: "Task"
    concurrency: Annotated[int, Field(ge=1, le=100)] | None = None


class Cluster(Body):
    """The computers that a task would run on."""


class JobCluster(Body):
    """Computers that several tasks would run on."""

    job_cluster_key: Text | None = None
    new_cluster: Cluster | None = None


Addresses = Annotated[
    list[Annotated[str, Field(pattern=r"^[^\s,@]+@[^\s,@]+$", max_length=320)]], Field(max_length=100)
]


class EmailNotifications(Body):
    """Who gets an e-mail when a run or task starts or ends."""

    on_start: Addresses | None = None
    on_success: Addresses | None = None
    on_failure: Addresses | None = None
    no_alert_for_skipped_runs: bool | None = None


class NotificationSettings(Body):
    """Of which failed runs or tasks there is no e-mail."""

    no_alert_for_skipped_runs: bool | None = None
    no_alert_for_canceled_runs: bool | None = None


class TaskNotificationSettings(NotificationSettings):
    """Of which failed or repeated attempts of a task there is no e-mail."""

    alert_on_last_attempt: bool | None = None


class Task(Body):
    """A node of a job's graph."""

    task_key: Text
    depends_on: list[Dependency] | None = None
    run_if: Text | None = None
    disabled: bool | None = None
    description: Text | None = None
    max_retries: Annotated[int, Field(ge=-1, le=MAX_INT)] | None = None
    min_retry_interval_millis: Annotated[int, Field(ge=0, le=MAX_INT)] | None = None
    retry_on_timeout: bool | None = None
    timeout_seconds: Seconds | None = None
    new_cluster: Cluster | None = None
    notebook_task: NotebookTask | None = None
    pipeline_task: PipelineTask | None = None
    spark_python_task: SparkPythonTask | None = None
    python_wheel_task: PythonWheelTask | None = None
    sql_task: SqlTask | None = None
    libraries: Annotated[list[Library], Field(max_length=1000)] | None = None
    environment_key: Text | None = None
    condition_task: ConditionTask | None = None
    for_each_task: ForEachTask | None = None
    run_job_task: RunJobTask | None = None
    email_notifications: EmailNotifications | None = None
    notification_settings: TaskNotificationSettings | None = None


class Parameter(Body):
    """A job parameter and the value it has unless a run sets another."""

    name: Name
    default: str


class Schedule(Body):
    """When a job runs by itself."""

    quartz_cron_expression: Annotated[Text, Field(max_length=500)]
    timezone_id: Annotated[Text, Field(max_length=100)]
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None


class Period(Body):
    """How often a job runs."""

    interval: Annotated[int, Field(ge=1, le=10_000)]
    unit: Literal["HOURS", "DAYS", "WEEKS"]


class FileArrival(Body):
    """New files below a path in a volume."""

    url: PathText
    min_time_between_triggers_seconds: Seconds | None = None
    wait_after_last_change_seconds: Seconds | None = None


class TableUpdate(Body):
    """Commits to tables."""

    table_names: Annotated[list[Text], Field(max_length=100)]
    condition: Text | None = None
    min_time_between_triggers_seconds: Seconds | None = None
    wait_after_last_change_seconds: Seconds | None = None


class Trigger(Body):
    """What starts a job by itself, apart from a schedule."""

    periodic: Period | None = None
    file_arrival: FileArrival | None = None
    table_update: TableUpdate | None = None
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None


class Queue(Body):
    """Whether a run waits while the job is at its limit."""

    enabled: bool


class Permitted(Body):
    """What is sent about a job together with the permissions on it."""

    access_control_list: Annotated[list[AccessControl], Field(max_length=100)] | None = None

    def grants(self) -> list[Grant]:
        """The permissions as grants."""
        return [entry.grant() for entry in self.access_control_list or []]

    def sent(self) -> dict[str, Any]:
        """The fields that the client sent, without the permissions."""
        return {name: value for name, value in super().sent().items() if name != "access_control_list"}


class Settings(Permitted):
    """A job's settings, and the permissions on it."""

    name: Annotated[Text, Field(max_length=4096)] | None = None
    description: Text | None = None
    tags: dict[Text, Text] | None = None
    tasks: Annotated[list[Task], Field(max_length=1000)] | None = None
    parameters: list[Parameter] | None = None
    schedule: Schedule | None = None
    trigger: Trigger | None = None
    queue: Queue | None = None
    job_clusters: Annotated[list[JobCluster], Field(max_length=100)] | None = None
    environments: Annotated[list[JobEnvironment], Field(max_length=100)] | None = None
    format: Text | None = None
    max_concurrent_runs: Annotated[int, Field(ge=1, le=1000)] | None = None
    timeout_seconds: Seconds | None = None
    email_notifications: EmailNotifications | None = None
    notification_settings: NotificationSettings | None = None

    def settings(self) -> SentSettings:
        """What the client sent, in the engine's type."""
        return cast("SentSettings", self.sent())


class Reset(Body):
    """All settings of a job anew."""

    job_id: int
    new_settings: Settings


class Update(Body):
    """Some settings of a job anew, others removed."""

    job_id: int
    new_settings: Settings | None = None
    fields_to_remove: list[Text] | None = None
