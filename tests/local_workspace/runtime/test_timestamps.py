import time
from datetime import UTC, datetime, timedelta, timezone

from local_workspace.runtime import timestamps


def test_a_time_is_written_in_utc_with_milliseconds():
    moment = datetime(2026, 5, 1, 14, 0, 0, 123456, timezone(timedelta(hours=2)))
    assert timestamps.to_iso(moment) == "2026-05-01T12:00:00.123Z"
    assert timestamps.ms_to_iso(1_777_636_800_123) == "2026-05-01T12:00:00.123Z"


def test_now_is_now_in_both_forms(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_777_636_800_123_999_999)
    assert timestamps.now_ms() == 1_777_636_800_123
    assert datetime.fromisoformat(timestamps.now_iso()).tzinfo == UTC
