"""Documents of pipelines, updates and events, and the messages to and from an update's process."""

from typing import NotRequired, TypedDict


class Include(TypedDict, total=False):
    """Files of the workspace: a path, or a folder followed by `/**`."""

    include: str


class File(TypedDict, total=False):
    """One file of the workspace."""

    path: str


class Library(TypedDict, total=False):
    """The location of a part of a pipeline's source."""

    glob: Include
    file: File
    notebook: File


class Spec(TypedDict, total=False):
    """The settings of a pipeline, as sent."""

    name: str
    catalog: str
    schema: str
    target: str
    continuous: bool
    libraries: list[Library]
    clusters: list[dict[str, object]]
    allow_duplicate_names: bool
    expected_last_modified: int
    configuration: dict[str, str]
    root_path: str


class Pipeline(TypedDict):
    """A pipeline: `active` is whether a continuous one should keep running.

    `tables` are those that it created, each as `schema`.`name`, or a bare name in its own schema.
    """

    pipeline_id: str
    name: str
    spec: Spec
    tables: list[str]
    active: bool
    last_modified: int


class Update(TypedDict):
    """An update, with the fields of Databricks' `UpdateInfo`."""

    pipeline_id: str
    update_id: str
    cause: str
    full_refresh: bool
    creation_time: int
    state: str
    config: Spec


class Origin(TypedDict):
    """The source of an event."""

    pipeline_id: str
    pipeline_name: str
    update_id: str
    dataset_name: NotRequired[str]
    flow_name: NotRequired[str]


class Problem(TypedDict):
    """An exception: the name of its class and its message."""

    class_name: str
    message: str


class ErrorDetail(TypedDict):
    """The error of an event."""

    fatal: bool
    exceptions: list[Problem]


class ExpectationCounts(TypedDict):
    """How many rows met an expectation of a dataset."""

    name: str
    dataset: str
    passed_records: int
    failed_records: int


class DataQuality(TypedDict):
    """How the rows of a flow met its expectations."""

    dropped_records: int
    expectations: list[ExpectationCounts]


class Metrics(TypedDict):
    """The size of what a flow has done."""

    num_output_rows: int


class FlowProgress(TypedDict):
    """The progress of a flow."""

    status: str
    metrics: NotRequired[Metrics]
    data_quality: NotRequired[DataQuality]


class Expected(TypedDict):
    """An expectation: its name, its condition in SQL, and the action for rows that don't meet it."""

    name: str
    expression: str
    action: str


class DatasetDefinition(TypedDict):
    """A dataset: STREAMING_TABLE, MATERIALIZED_VIEW or VIEW."""

    name: str
    dataset_type: str
    num_flows: int
    expectations: list[Expected]


class FlowDefinition(TypedDict):
    """A flow: what it reads and which dataset it fills, by APPEND or COMPLETE."""

    name: str
    output_dataset: str
    input_datasets: list[str]
    flow_type: str
    comment: str


class Definitions(TypedDict):
    """The datasets and flows of a graph."""

    datasets: list[DatasetDefinition]
    flows: list[FlowDefinition]


class Details(TypedDict, total=False):
    """An event's data besides its message, as in Databricks' event log."""

    flow_progress: FlowProgress
    dataset_definition: DatasetDefinition
    flow_definition: FlowDefinition


class Event(TypedDict):
    """An event of a pipeline's log, in the shape of Databricks' `PipelineEvent`."""

    id: str
    timestamp: str
    origin: Origin
    event_type: str
    level: str
    message: str
    error: NotRequired[ErrorDetail]
    details: NotRequired[Details]


class UpdateRequest(TypedDict):
    """The request to an update's process; see `local_workspace.workers.pipeline_update.Request`."""

    remote: str
    schema: str
    files: list[str]
    storage: str
    root_path: str | None
    configuration: dict[str, str]
    full_refresh: bool


class Report(TypedDict):
    """An event from an update's process; one has the graph's `tables` and `definitions`, the last the final `state`.

    An event of a flow has its `flow` and `status`.
    """

    timestamp: str
    event_type: str
    message: str
    dataset: NotRequired[str]
    flow: NotRequired[str]
    status: NotRequired[str]
    quality: NotRequired[DataQuality]
    tables: NotRequired[list[str]]
    definitions: NotRequired[Definitions]
    state: NotRequired[str]
    error_class: NotRequired[str]
