"""The graph and the expectations' counts as a pipeline's event log has them, page by page."""

from types import SimpleNamespace
from typing import Any

from caspers.platform import pipeline_events


def flow(dataset: str, *inputs: str) -> dict[str, Any]:
    return {"details": {"flow_definition": {"output_dataset": dataset, "input_datasets": list(inputs)}}}


def progress(passed: int, failed: int) -> dict[str, Any]:
    counts = {"name": "usable", "dataset": "c.s.bronze", "passed_records": passed, "failed_records": failed}
    return {"details": {"flow_progress": {"status": "RUNNING", "data_quality": {"expectations": [counts]}}}}


def workbook(*pages: list[dict[str, Any]]) -> Any:
    """A workbook whose pipeline has these pages of events, the newest event first."""

    def do(method: str, path: str, query: dict[str, object]) -> dict[str, Any]:
        number = int(str(query.get("page_token", 0)))
        more = {"next_page_token": str(number + 1)} if number + 1 < len(pages) else {}
        return {"events": pages[number], **more}

    return SimpleNamespace(w=SimpleNamespace(api_client=SimpleNamespace(do=do)))


def test_the_newest_definition_of_a_flow_counts():
    ws = workbook([flow("c.s.silver", "c.s.bronze"), {"message": "running"}], [flow("c.s.silver"), flow("c.s.bronze")])
    assert pipeline_events.graph(ws, "p") == {"silver": ["bronze"], "bronze": []}


def test_counts_of_all_updates_are_added_up():
    ws = workbook([progress(5, 1), {"details": {"flow_progress": {"status": "QUEUED"}}}], [progress(7, 0)])
    assert pipeline_events.expectations(ws, "p") == [
        {"dataset": "bronze", "expectation": "usable", "passed": 12, "failed": 1}
    ]
