"""What the store keeps of jobs and runs, in the shape of Jobs API 2.2. Times are milliseconds since 1970."""

from typing import NotRequired, TypedDict


class Dependency(TypedDict):
    """A task that another task waits for."""

    task_key: str


class NotebookTask(TypedDict):
    """A notebook of the workspace, and the task's own parameters for it."""

    notebook_path: str
    base_parameters: NotRequired[dict[str, object]]
    source: NotRequired[str]


class PipelineTask(TypedDict):
    """A pipeline to update."""

    pipeline_id: str
    full_refresh: NotRequired[bool]


class Task(TypedDict):
    """A node of a job's graph; exactly one of the `*_task` fields says what it does."""

    task_key: str
    depends_on: NotRequired[list[Dependency]]
    run_if: NotRequired[str]
    max_retries: NotRequired[int]
    min_retry_interval_millis: NotRequired[int]
    retry_on_timeout: NotRequired[bool]
    timeout_seconds: NotRequired[int]
    new_cluster: NotRequired[dict[str, object]]
    description: NotRequired[str]
    notebook_task: NotRequired[NotebookTask]
    pipeline_task: NotRequired[PipelineTask]


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


class Trigger(TypedDict):
    """What else than a schedule starts a job on its own."""

    periodic: NotRequired[Period]
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
    tasks: list[Task]
    parameters: list[Parameter]
    schedule: Schedule
    trigger: Trigger
    queue: Queue
    job_clusters: list[JobCluster]
    format: str
    max_concurrent_runs: int
    timeout_seconds: int


class Settings(TypedDict):
    """A job's settings, with the defaults filled in."""

    name: str
    format: str
    max_concurrent_runs: int
    timeout_seconds: int
    tasks: NotRequired[list[Task]]
    parameters: NotRequired[list[Parameter]]
    schedule: NotRequired[Schedule]
    trigger: NotRequired[Trigger]
    queue: NotRequired[Queue]


class Job(TypedDict):
    """A job."""

    job_id: int
    created_time: int
    settings: Settings


class State(TypedDict):
    """The older form of the state of a run or task; `result_state` is set once it has ended with a result."""

    life_cycle_state: str
    state_message: str
    user_cancelled_or_timedout: bool
    result_state: NotRequired[str]


class QueueDetails(TypedDict):
    """Why a run waits."""

    code: str
    message: str


class TerminationDetails(TypedDict):
    """Why a run or task ended."""

    code: str
    type: str
    message: str


class Status(TypedDict):
    """The newer form of the state of a run or task."""

    state: str
    queue_details: NotRequired[QueueDetails]
    termination_details: NotRequired[TerminationDetails]


class Progress(TypedDict):
    """The progress of a run or task; `began_at` is when it left the queue, the last three fields are set at its end."""

    state: State
    status: Status
    start_time: int
    began_at: NotRequired[int]
    end_time: NotRequired[int]
    execution_duration: NotRequired[int]
    run_duration: NotRequired[int]


class ResolvedParameters(TypedDict):
    """The parameters that a notebook gets."""

    base_parameters: dict[str, str]


class ResolvedValues(TypedDict):
    """A task's settings with their references replaced."""

    notebook_task: ResolvedParameters


class TaskRun(Task, Progress):
    """A task of a run."""

    run_id: int
    attempt_number: int
    resolved_values: NotRequired[ResolvedValues]


class RunParameter(TypedDict):
    """A job parameter with its value in a run."""

    name: str
    default: str
    value: str


class Limits(TypedDict):
    """The limits in the job's settings when the run was created."""

    max_concurrent_runs: int
    timeout_seconds: int


class Run(Progress):
    """A run of a job. `overriding_parameters` are those for its notebooks."""

    job_id: int
    run_id: int
    job_run_id: int
    original_attempt_run_id: int
    number_in_job: int
    run_name: str
    run_type: str
    format: str
    trigger: str
    schedule: NotRequired[Schedule]
    limits: Limits
    tasks: list[TaskRun]
    job_parameters: list[RunParameter]
    overriding_parameters: dict[str, str]
    idempotency_token: str | None
    run_page_url: NotRequired[str]


class Outcome(TypedDict, total=False):
    """The outcome of a task: `error` and `error_trace` if it failed, else a notebook's `result` or an update's id."""

    error: str
    error_trace: str
    result: str
    truncated: bool
    update_id: str


class NotebookOutput(TypedDict):
    """The value passed to dbutils.notebook.exit, or else the text of the notebook's last output."""

    result: str
    truncated: bool


class OutputMetadata(TaskRun):
    """The task that an output comes from, and its run."""

    job_id: int
    job_run_id: int
    run_name: str
    run_type: str
    trigger: str
    run_page_url: str


class Output(TypedDict):
    """The output of a task."""

    metadata: OutputMetadata
    notebook_output: NotRequired[NotebookOutput]
    error: NotRequired[str]
    error_trace: NotRequired[str]
