"""What a pipeline's event log knows of its newest graph and of its expectations."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from caspers.platform.sql import Row

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook


def graph(ws: "Workbook", pipeline_id: str) -> dict[str, list[str]]:
    """The datasets of the newest update and those that each reads, by their names without catalog and schema."""
    flows: dict[str, list[str]] = {}
    for flow in _details(ws, pipeline_id, "flow_definition"):  # the newest event comes first
        flows.setdefault(_short(flow["output_dataset"]), [_short(name) for name in flow["input_datasets"]])
    return flows


def expectations(ws: "Workbook", pipeline_id: str) -> list[Row]:
    """How many records met each expectation in all updates: dataset, expectation, passed and failed."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for progress in _details(ws, pipeline_id, "flow_progress"):
        for each in progress.get("data_quality", {}).get("expectations", []):
            count = counts[_short(each["dataset"]), each["name"]]
            count[0] += int(each["passed_records"])
            count[1] += int(each["failed_records"])
    return [
        {"dataset": dataset, "expectation": name, "passed": passed, "failed": failed}
        for (dataset, name), (passed, failed) in sorted(counts.items())
    ]


def _details(ws: "Workbook", pipeline_id: str, kind: str) -> Iterator[dict[str, Any]]:
    """The details of the events of a type, the newest first. The SDK's `PipelineEvent` leaves them out."""
    query: dict[str, object] = {"max_results": 100}
    while True:
        page = ws.w.api_client.do("GET", f"/api/2.0/pipelines/{pipeline_id}/events", query=query)
        events = page.get("events", []) if isinstance(page, dict) else []
        yield from (event["details"][kind] for event in events if kind in event.get("details", {}))
        token = page.get("next_page_token") if isinstance(page, dict) else None
        if not token:
            return
        query = {"page_token": token}


def _short(name: str) -> str:
    return name.rpartition(".")[2]
