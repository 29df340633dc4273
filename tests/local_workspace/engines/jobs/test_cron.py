from datetime import datetime

import pytest

from local_workspace.engines.jobs.cron import cron_trigger
from local_workspace.runtime.errors import ApiError

# 2024-01-05 is a Friday.
START = "2024-01-05 10:01:30"


def fire_times(expression: str, timezone: str, count: int, start: str = START) -> list[str]:
    trigger = cron_trigger(expression, timezone)
    moment = datetime.fromisoformat(start).replace(tzinfo=trigger.timezone)
    times, previous = [], None
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, moment)
        moment = previous
        times.append(previous.strftime("%m-%d %H:%M:%S"))
    return times


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */3 * * * ?", ["01-05 10:03:00", "01-05 10:06:00"]),
        ("0 0/10 * * * ?", ["01-05 10:10:00", "01-05 10:20:00"]),
        ("0 7/20 * * * ?", ["01-05 10:07:00", "01-05 10:27:00"]),
        ("0 50/20 * * * ?", ["01-05 10:50:00", "01-05 11:50:00"]),
        ("*/20 * * * * ?", ["01-05 10:01:40", "01-05 10:02:00"]),
        ("0 0 0/6 * * ?", ["01-05 12:00:00", "01-05 18:00:00"]),
        ("0 0 22-2 * * ?", ["01-05 22:00:00", "01-05 23:00:00", "01-06 00:00:00"]),
        ("0 0 9 ? * 1", ["01-07 09:00:00", "01-14 09:00:00"]),
        ("0 0 9 ? * SUN", ["01-07 09:00:00", "01-14 09:00:00"]),
        ("0 0 9 ? * 2-6", ["01-08 09:00:00", "01-09 09:00:00"]),
        ("0 0 9 ? * mon-fri", ["01-08 09:00:00", "01-09 09:00:00"]),
        ("0 0 9 ? * SAT-MON", ["01-06 09:00:00", "01-07 09:00:00", "01-08 09:00:00"]),
        ("0 0 9 ? * L", ["01-06 09:00:00", "01-13 09:00:00"]),
        ("0 0 9 ? * 6L", ["01-26 09:00:00", "02-23 09:00:00"]),
        ("0 0 9 ? * 6#3", ["01-19 09:00:00", "02-16 09:00:00"]),
        ("0 0 9 L * ?", ["01-31 09:00:00", "02-29 09:00:00"]),
        ("0 0 9 15 MAR,JUN ?", ["03-15 09:00:00", "06-15 09:00:00"]),
        ("0 30 9 1 1 ? 2025", ["01-01 09:30:00"]),
    ],
)
def test_quartz_expression_fires_when_quartz_would(expression, expected):
    assert fire_times(expression, "UTC", len(expected)) == expected


def test_a_daily_schedule_keeps_its_local_hour_over_the_change_to_summer_time():
    trigger = cron_trigger("0 0 9 * * ?", "Europe/Amsterdam")
    before = trigger.get_next_fire_time(None, datetime(2024, 3, 30, 0, tzinfo=trigger.timezone))
    after = trigger.get_next_fire_time(before, before)
    assert [before.hour, after.hour] == [9, 9]
    assert after.timestamp() - before.timestamp() == 23 * 3600


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("0 0 9 * *", "5 fields"),
        ("0 0 9 * * *", "exactly one"),
        ("0 0 9 ? * ?", "exactly one"),
        ("0 60 9 * * ?", "'60' is not valid for minute"),
        ("0 0 9 ? * 0", "'0' is not valid for day_of_week"),
        ("0 0 9 ? * FOO", "'FOO' is not valid for day_of_week"),
        ("0 0/0 * * * ?", "step"),
        ("0 0/x * * * ?", "step"),
        ("0 ? * * * ?", "'?' is not allowed for minute"),
        ("0 0 9 15W * ?", "'15W'"),
        ("0 0 9 ? * 6#6", "week of the month"),
        ("0 0 9 * * ? 2030-2020", "backwards"),
        ("", "0 fields"),
    ],
)
def test_an_invalid_expression_is_named_with_the_reason(expression, reason):
    with pytest.raises(ApiError) as caught:
        cron_trigger(expression, "UTC")
    assert caught.value.status == 400
    assert repr(expression) in caught.value.message
    assert reason in caught.value.message


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_time_zone_is_named(timezone):
    with pytest.raises(ApiError, match="time zone"):
        cron_trigger("0 0 9 * * ?", timezone)
