"""Reports of an update's process, as events of the log, with rows counted in the tables' own Delta logs."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from local_workspace.engines.pipelines.event_log import EventLog
from local_workspace.engines.pipelines.reports import Reports
from local_workspace.engines.pipelines.written import Tables, Written
from local_workspace.runtime.errors import not_found

PIPELINE = {"pipeline_id": "p-1", "name": "kitchens"}
DEFINITIONS = {
    "datasets": [{"name": "food.orders", "dataset_type": "STREAMING_TABLE", "num_flows": 1, "expectations": []}],
    "flows": [
        {
            "name": "food.reading",
            "output_dataset": "food.orders",
            "input_datasets": ["raw.lines"],
            "flow_type": "APPEND",
            "comment": "Every order",
        }
    ],
}


def report(**more: object) -> dict:
    return {"timestamp": "2026-05-01T12:00:00.000Z", "event_type": "flow_progress", "message": "m", **more}


def commit(folder: Path, version: int, timestamp: int, rows: int | None) -> None:
    """Add a commit as Spark writes it; one without `rows` changes properties."""
    if version == 0:
        write_deltalake(str(folder), pa.table({"n": pa.array([1], pa.int64())}))
        return
    info: dict[str, object] = {"timestamp": timestamp, "operation": "STREAMING UPDATE" if rows else "SET TBLPROPERTIES"}
    if rows is not None:
        info["operationMetrics"] = {"numOutputRows": str(rows)}
    (folder / "_delta_log" / f"{version:020}.json").write_text(json.dumps({"commitInfo": info}) + "\n")


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "events.jsonl", PIPELINE)


def find(folder: Path):
    def found(schema: str, name: str) -> Path:
        if (schema, name) != ("food", "orders"):
            raise not_found(f"{schema}.{name}")
        return folder

    return found


def test_definitions_and_progress_have_full_names_and_databricks_shape(tmp_path, log):
    folder, began = tmp_path / "orders", 10**15
    commit(folder, 0, 0, None)
    reports = Reports(log, "u-1", "kitchens", Written(Tables(find(folder)), began))
    reports.log(report(event_type="create_update", tables=[], definitions=DEFINITIONS))
    reports.log(report(flow="food.reading", status="RUNNING"))
    commit(folder, 1, began, 5)
    reports.log(report(flow="food.reading", status="COMPLETED"))
    created, dataset, flow, running, done = log.read(oldest_first=True)
    assert "details" not in created
    assert dataset["event_type"] == "dataset_definition"
    assert dataset["details"]["dataset_definition"]["name"] == "kitchens.food.orders"
    assert flow["details"]["flow_definition"]["input_datasets"] == ["kitchens.raw.lines"]
    assert running["details"] == {"flow_progress": {"status": "RUNNING"}}
    assert done["origin"]["flow_name"] == "kitchens.food.reading"
    assert done["details"] == {"flow_progress": {"status": "COMPLETED", "metrics": {"num_output_rows": 5}}}


def test_rows_are_those_written_since_the_update_began_each_counted_once(tmp_path):
    folder, began = tmp_path / "orders", 10**15
    commit(folder, 0, 0, None)
    commit(folder, 1, began - 1, 100)
    commit(folder, 2, began, 5)
    commit(folder, 3, began + 1, 2)
    commit(folder, 4, began + 2, None)
    written = Written(Tables(find(folder)), began)
    assert written.rows("food.orders") == 7
    assert written.rows("food.orders") == 0
    commit(folder, 5, began + 3, 4)
    assert written.rows("food.orders") == 4
    assert written.rows("food.gone") is None
