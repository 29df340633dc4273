"""What is kept of pipelines, updates and events, and what the process of an update reads and writes."""

from typing import NotRequired, TypedDict


class Include(TypedDict, total=False):
    """Files of the workspace: a path, or a folder followed by `/**`."""

    include: str


class File(TypedDict, total=False):
    """One file of the workspace."""

    path: str


class Library(TypedDict, total=False):
    """Where a part of a pipeline's source lies."""

    glob: Include
    file: File
    notebook: File


class Spec(TypedDict, total=False):
    """What a request says of a pipeline."""

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
    """A pipeline: `active` is whether a continuous one is to go on.

    `tables` are those that it made, each as `schema`.`name`, or a bare name in its own schema.
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
    """Where an event comes from."""

    pipeline_id: str
    pipeline_name: str
    update_id: str
    dataset_name: NotRequired[str]


class Problem(TypedDict):
    """An exception: the name of its class, and what it said."""

    class_name: str
    message: str


class ErrorDetail(TypedDict):
    """What went wrong."""

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


class FlowProgress(TypedDict):
    """What a flow has done."""

    status: str
    data_quality: DataQuality


class Details(TypedDict):
    """What an event tells beside its message, as in Databricks' event log."""

    flow_progress: FlowProgress


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
    """What an update's process is to do; see `local_workspace.workers.pipeline_update.Request`."""

    remote: str
    schema: str
    files: list[str]
    storage: str
    root_path: str | None
    configuration: dict[str, str]
    full_refresh: bool


class Report(TypedDict):
    """What an update's process says: an event; the first has the graph's `tables`, the last the final `state`."""

    timestamp: str
    event_type: str
    message: str
    dataset: NotRequired[str]
    quality: NotRequired[DataQuality]
    tables: NotRequired[list[str]]
    state: NotRequired[str]
    error_class: NotRequired[str]
