"""What the store keeps of runs, in the shape of Jobs API 2.2. Times are milliseconds since 1970."""

from typing import NotRequired, TypedDict

from local_workspace.engines.jobs.documents import JobEnvironment, Schedule, Task


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


class TaskRun(Task, Progress):
    """An attempt of a task in a run.

    `resolved_values` has the settings with their references replaced, by the name of the `*_task` field. An iteration
    of a for_each_task has its number from 0, its `input` as JSON, the run id of that task, and in `of_run` the run's.
    `triggered_run_id` is the run that a run_job_task has started.
    """

    run_id: int
    attempt_number: int
    resolved_values: NotRequired[dict[str, dict[str, object]]]
    iteration: NotRequired[int]
    input: NotRequired[str]
    for_each_run_id: NotRequired[int]
    of_run: NotRequired[int]
    triggered_run_id: NotRequired[int]


class RunParameter(TypedDict):
    """A job parameter with its value in a run."""

    name: str
    default: str
    value: str


class Limits(TypedDict):
    """The limits in the job's settings when the run was created."""

    max_concurrent_runs: int
    timeout_seconds: int


class RepairItem(TypedDict):
    """The original run, or a repair of it, which has an id; `task_run_ids` are the attempts of tasks in it."""

    type: str
    id: NotRequired[int]
    start_time: int
    end_time: NotRequired[int]
    state: State
    status: Status
    task_run_ids: list[int]


class TriggerInfo(TypedDict):
    """The task run that has started a run: one of a run_job_task."""

    run_id: int


class Run(Progress):
    """A run of a job. `overriding_parameters` are those for its notebooks.

    `ancestors` are the ids of the jobs whose run_job_tasks led to this run, the outermost first. `trigger_values` are
    the values of references to what a trigger has seen. A repaired run has a `repair_history`;
    `iterations` are shown for the run of a for_each_task.
    """

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
    environments: NotRequired[list[JobEnvironment]]
    job_parameters: list[RunParameter]
    overriding_parameters: dict[str, str]
    idempotency_token: str | None
    trigger_info: NotRequired[TriggerInfo]
    ancestors: NotRequired[list[int]]
    trigger_values: NotRequired[dict[str, str]]
    repair_history: NotRequired[list[RepairItem]]
    iterations: NotRequired[list[TaskRun]]
    run_page_url: NotRequired[str]


class SqlRun(TypedDict):
    """The SQL that a task has run, and where."""

    query_text: str
    warehouse_id: str


class Outcome(TypedDict, total=False):
    """The outcome of a task: `error` and `error_trace` if it failed, else its result.

    That is a notebook's `result`, an update's id, or the `logs` of a Python file or wheel: their last 5 MB.
    """

    error: str
    error_trace: str
    result: str
    truncated: bool
    update_id: str
    logs: str
    logs_truncated: bool
    sql: SqlRun


class View(TypedDict):
    """A notebook as HTML."""

    content: str
    name: str
    type: str


class NotebookOutput(TypedDict):
    """The value passed to dbutils.notebook.exit, or else the text of the notebook's last output."""

    result: str
    truncated: bool


class RunJobOutput(TypedDict):
    """The run that a run_job_task has started."""

    run_id: int


class SqlOutput(TypedDict, total=False):
    """What a task has run: a query or a file."""

    query_output: SqlRun
    file_output: SqlRun


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
    run_job_output: NotRequired[RunJobOutput]
    sql_output: NotRequired[SqlOutput]
    logs: NotRequired[str]
    logs_truncated: NotRequired[bool]
    error: NotRequired[str]
    error_trace: NotRequired[str]
