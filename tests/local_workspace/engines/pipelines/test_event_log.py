from pathlib import Path

import pytest

from local_workspace.engines.pipelines.event_log import KEEP_LINES, MAX_BYTES, EventLog
from local_workspace.runtime.errors import ApiError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def log(path: Path) -> EventLog:
    return EventLog(path, {"pipeline_id": "p-1", "pipeline_name": "kitchens", "name": "kitchens"})


def test_events_come_newest_first_or_oldest_first(log):
    for number in range(3):
        log.append("u-1", "flow_progress", f"step {number}", dataset="bronze")
    assert [event["message"] for event in log.read()] == ["step 2", "step 1", "step 0"]
    assert [event["message"] for event in log.read(oldest_first=True)] == ["step 0", "step 1", "step 2"]
    assert log.read()[0]["origin"] == {
        "pipeline_id": "p-1",
        "pipeline_name": "kitchens",
        "update_id": "u-1",
        "dataset_name": "bronze",
    }


def test_a_log_that_is_long_keeps_its_newest_events(log, path):
    long = "x" * (MAX_BYTES // KEEP_LINES)
    for number in range(KEEP_LINES + 5):
        log.append("u-1", "flow_progress", f"{number} {long}")
    log.trim()
    kept = [int(event["message"].split()[0]) for event in log.read(oldest_first=True)]
    assert kept == list(range(5, KEEP_LINES + 5))


def test_a_short_log_and_a_missing_one_are_left_alone(log, path):
    log.trim()
    assert not path.exists()
    for number in range(KEEP_LINES + 5):
        log.append("u-1", "flow_progress", str(number))
    before = path.read_bytes()
    assert len(before) < MAX_BYTES
    log.trim()
    assert path.read_bytes() == before


def test_a_line_that_was_cut_by_a_power_failure_is_passed_over(log, path):
    log.append("u-1", "flow_progress", "whole")
    with path.open("a") as file:
        file.write('{"id": "half')
    assert [event["message"] for event in log.read()] == ["whole"]


def test_errors_are_found_by_their_level_and_other_filters_refused(log):
    log.append("u-1", "update_progress", "fine")
    log.append("u-1", "update_progress", "broken", error="ValueError")
    assert [event["message"] for event in log.read("level = 'ERROR'")] == ["broken"]
    with pytest.raises(ApiError, match="not supported"):
        log.read("colour = 'red'")
