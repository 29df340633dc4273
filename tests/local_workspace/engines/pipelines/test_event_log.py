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


def test_a_line_that_was_cut_by_a_full_disk_or_a_power_failure_is_passed_over(log, path):
    log.append("u-1", "flow_progress", "whole")
    with path.open("a") as file:
        file.write('{"id": {"half": 1}')
    assert [event["message"] for event in log.read()] == ["whole"]
    log.append("u-1", "flow_progress", "later")
    assert [event["message"] for event in log.read()] == ["later", "whole"]


def test_errors_are_found_by_their_level_and_other_filters_refused(log):
    log.append("u-1", "update_progress", "fine")
    log.append("u-1", "update_progress", "broken", error="ValueError")
    assert [event["message"] for event in log.read("level = 'ERROR'")] == ["broken"]
    with pytest.raises(ApiError, match="not supported"):
        log.read("colour = 'red'")


@pytest.mark.parametrize(
    ("condition", "messages"),
    [
        (None, "abc"),
        ("", "abc"),
        ("level='ERROR'", "b"),
        ("level in ('INFO', 'WARN')", "ac"),
        ("update_id = 'u-2'", "bc"),
        ("update_id = 'u-2' AND level IN ('INFO')", "c"),
        ("timestamp > '2026-01-01T00:00:01.000Z'", "bc"),
        ("timestamp >= '2026-01-01T00:00:01Z' and timestamp<'2026-01-01T01:00:03+01:00'", "ab"),
        ("timestamp = '2026-01-01T00:00:02.000Z'", "b"),
        ("id = 'nobody''s'", ""),
    ],
)
def test_events_are_selected_by_conditions(log, condition, messages):
    for number, (message, error) in enumerate(zip("abc", (None, "ValueError", None), strict=True), 1):
        update_id, timestamp = "u-1" if message == "a" else "u-2", f"2026-01-01T00:00:0{number}.000Z"
        log.append(update_id, "flow_progress", message, error=error, timestamp=timestamp)
    assert "".join(event["message"] for event in log.read(condition, oldest_first=True)) == messages
    [event] = log.read("update_id = 'u-1'")
    assert log.read(f"id = '{event['id']}'") == [event]


@pytest.mark.parametrize(
    "condition",
    [
        "level = 'LOUD'",
        "level > 'INFO'",
        "level = 'INFO' OR level = 'WARN'",
        "level = 'INFO' AND",
        "level = INFO",
        "timestamp in ('2026-01-01')",
        "timestamp > 'yesterday'",
        "update_id = 'u-1",
    ],
)
def test_a_filter_that_is_not_documented_is_refused(log, condition):
    with pytest.raises(ApiError, match="^filter: ") as refused:
        log.read(condition)
    assert refused.value.status == 400
