"""The datasets of a pipeline as its event log tells of them: what each reads, and what an update has done to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local_workspace.engines.pipelines.documents import (
    DatasetDefinition,
    Event,
    ExpectationCounts,
    FlowDefinition,
    FlowProgress,
)
from local_workspace.pages.formats import milliseconds

_FINAL = ("FAILED", "CANCELED")


@dataclass
class Expectation:
    """An expectation, what happens to rows that don't meet it, and how many rows did and didn't."""

    name: str
    condition: str
    action: str
    passed: int = 0
    failed: int = 0


@dataclass
class Dataset:
    """A dataset: times in ms, `rows` that were written and `dropped` by expectations; None where unknown."""

    full_name: str
    kind: str
    comment: str = ""
    inputs: list[str] = field(default_factory=list)
    state: str = ""
    began: int | None = None
    ended: int | None = None
    rows: int | None = None
    dropped: int = 0
    flows: dict[str, str] = field(default_factory=dict)  # the status of each
    expectations: list[Expectation] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name without catalog and schema."""
        return self.full_name.rpartition(".")[2].strip("`")

    @property
    def took(self) -> int | None:
        """How long its flows have run, in ms."""
        return self.ended - self.began if self.began and self.ended else None

    @property
    def path(self) -> str:
        """Where the catalog shows it; empty for a view, which is of the pipeline only."""
        return "" if self.kind == "VIEW" else catalog_path(self.full_name)


def catalog_path(full_name: str) -> str:
    """The page of the table with this name of three parts."""
    return "/explore/data/" + full_name.replace("`", "").replace(".", "/")


def datasets(events: Sequence[Event], update_id: str, update_state: str) -> list[Dataset]:
    """The datasets and what the update did. `events` is the whole log, the oldest first.

    An update that ended before it knew its datasets has those of the update before.
    """
    of_update = [event for event in events if event["origin"]["update_id"] == update_id]
    found = _defined(of_update) or _defined(_before(events, update_id))
    for event in of_update:
        _apply(event, found)
    for dataset in found:
        dataset.state = _state(list(dataset.flows.values()), update_state)
    return found


def _before(events: Sequence[Event], update_id: str) -> list[Event]:
    """The events of the newest earlier update that defined something."""
    at = next((index for index, event in enumerate(events) if event["origin"]["update_id"] == update_id), len(events))
    for event in reversed(events[:at]):
        if event["event_type"] == "dataset_definition":
            known = event["origin"]["update_id"]
            return [each for each in events[:at] if each["origin"]["update_id"] == known]
    return []


def _defined(events: Iterable[Event]) -> list[Dataset]:
    """The datasets that `events` define."""
    found: dict[str, Dataset] = {}
    for event in events:
        details = event.get("details", {})
        if "dataset_definition" in details:
            found[details["dataset_definition"]["name"]] = _dataset(details["dataset_definition"])
        flow = details.get("flow_definition")
        if flow and flow["output_dataset"] in found:
            _add_flow(flow, found[flow["output_dataset"]])
    return list(found.values())


def _dataset(definition: DatasetDefinition) -> Dataset:
    expectations = [
        Expectation(each["name"], each["expression"], each["action"]) for each in definition["expectations"]
    ]
    return Dataset(definition["name"], definition["dataset_type"], expectations=expectations)


def _add_flow(flow: FlowDefinition, dataset: Dataset) -> None:
    dataset.flows[flow["name"]] = "QUEUED"
    dataset.inputs += [name for name in flow["input_datasets"] if name not in dataset.inputs]
    dataset.comment = dataset.comment or flow["comment"]


def _apply(event: Event, datasets: Sequence[Dataset]) -> None:
    """Add what an event tells of a flow to its dataset."""
    progress = event.get("details", {}).get("flow_progress")
    if progress is None:
        return
    quality = progress.get("data_quality")
    flow, checked = event["origin"].get("flow_name", ""), event["origin"].get("dataset_name", "")
    for dataset in datasets:
        if quality and _same(dataset, checked):
            dataset.dropped += quality["dropped_records"]
            _count(quality["expectations"], dataset)
        if flow in dataset.flows:
            _advance(dataset, flow, progress, milliseconds(event["timestamp"]))


def _advance(dataset: Dataset, flow: str, progress: FlowProgress, time: int) -> None:
    dataset.flows[flow] = progress["status"]
    if progress["status"] == "RUNNING":
        dataset.began = dataset.began or time
    if progress["status"] in ("COMPLETED", "FAILED"):
        dataset.ended = time
    if "metrics" in progress:
        dataset.rows = (dataset.rows or 0) + progress["metrics"]["num_output_rows"]


def _count(counts: Sequence[ExpectationCounts], dataset: Dataset) -> None:
    by_name = {counted["name"]: counted for counted in counts}
    for expectation in dataset.expectations:
        if counted := by_name.get(expectation.name):
            expectation.passed += counted["passed_records"]
            expectation.failed += counted["failed_records"]


def _same(dataset: Dataset, written: str) -> bool:
    """Whether a pipeline's source writes the name of `dataset` like this: in backquotes, without catalog or schema."""
    plain, full = written.replace("`", "").lower(), dataset.full_name.replace("`", "")
    return bool(plain) and (full == plain or full.endswith(f".{plain}"))


def _state(flows: Sequence[str], update_state: str) -> str:
    """The state of a dataset by those of its flows; a view has none, and a failed update ends what still ran."""
    if not flows or all(status == "COMPLETED" for status in flows):
        return "COMPLETED" if flows else update_state
    worst = next((status for status in ("FAILED", "RUNNING", "STARTING") if status in flows), "NOT_STARTED")
    if worst != "FAILED" and update_state in _FINAL:
        return "CANCELED"
    return worst
