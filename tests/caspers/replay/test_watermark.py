"""The watermark of a replay: what is due, and what is read back from the file."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from caspers.replay.watermark import Batch, ReplayError, Watermark, describe

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = 86_400_000  # milliseconds


@pytest.mark.parametrize(("start_day", "end"), [(0, DAY // 2), (70, 70 * DAY + DAY // 2)])
def test_the_first_batch_goes_from_day_0_to_the_start_day_at_this_time_of_day(start_day, end):
    first = Watermark.first(start_day, NOON, 500)
    assert first.batch == Batch(-1, end, NOON.isoformat(), 500)
    assert datetime.fromisoformat(first.anchor) + timedelta(milliseconds=end) == NOON
    assert (first.virtual, first.done(first.batch).virtual) == (-1, end)


def test_the_time_of_day_is_that_of_the_clocks_own_zone():
    first = Watermark.first(1, NOON.astimezone(timezone(timedelta(hours=-8))), 500)
    assert first.batch.end == DAY + 4 * 3_600_000


@pytest.mark.parametrize(
    ("speed", "elapsed", "due"),
    [
        (1.0, timedelta(seconds=2), 2_000),
        (60.0, timedelta(seconds=2), 120_000),
        (0.5, timedelta(milliseconds=3), 1),
        (60.0, timedelta(0), 0),
        (60.0, timedelta(seconds=-5), -300_000),
    ],
)
def test_what_is_due_is_the_elapsed_time_times_the_speed(speed, elapsed, due):
    mark = Watermark("", 1_000, NOON.isoformat())
    assert mark.due(speed, NOON + elapsed, 500) == Batch(1_000, 1_000 + due, (NOON + elapsed).isoformat(), 500)


def test_time_that_is_left_out_is_not_due_later():
    mark = Watermark("", 1_000, NOON.isoformat()).at(NOON + timedelta(hours=1))
    assert mark.due(1.0, NOON + timedelta(hours=1, seconds=1), 500).end == 2_000


@pytest.mark.parametrize("batch", [None, Batch(5, 9, NOON.isoformat(), 500)])
def test_a_saved_watermark_is_read_back(tmp_path, batch):
    file = tmp_path / "watermark.json"
    assert Watermark.load(file) is None
    mark = Watermark(NOON.isoformat(), 5, NOON.isoformat(), batch)
    file.write_bytes(mark.content().read())
    assert Watermark.load(file) == mark


GOOD = {"anchor": "a", "virtual": 1, "now": "n", "batch": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "5",
        json.dumps({name: value for name, value in GOOD.items() if name != "batch"}),
        json.dumps({name: value for name, value in GOOD.items() if name != "now"}),
        json.dumps(GOOD | {"more": 1}),
        json.dumps(GOOD | {"batch": {"start": 1}}),
    ],
)
def test_a_file_that_is_no_watermark_is_named_with_what_to_do(tmp_path, text):
    (tmp_path / "watermark.json").write_text(text)
    with pytest.raises(ReplayError, match=r"watermark.json is not a watermark .* Remove it"):
        Watermark.load(tmp_path / "watermark.json")


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-1, "day 0, 00:00"),
        (0, "day 0, 00:00"),
        (59_999, "day 0, 00:00"),
        (60_000, "day 0, 00:01"),
        (DAY - 1, "day 0, 23:59"),
        (70 * DAY + DAY // 2, "day 70, 12:00"),
    ],
)
def test_virtual_time_in_words(milliseconds, text):
    assert describe(milliseconds) == text
