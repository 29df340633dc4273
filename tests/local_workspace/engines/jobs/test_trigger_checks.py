"""Which schedules and triggers a job may have."""

import pytest

from local_workspace.engines.jobs.settings import checked, clock_of
from local_workspace.runtime.errors import ApiError

ARRIVAL = {"url": "/Volumes/c/s/v/"}
UPDATE = {"table_names": ["c.s.t"]}
DAILY = {"interval": 1, "unit": "DAYS"}


@pytest.mark.parametrize(
    ("trigger", "says"),
    [
        ({"file_arrival": ARRIVAL, "periodic": DAILY}, "one of periodic, file_arrival, table_update"),
        ({"file_arrival": {"url": "s3://bucket/x"}}, "url 's3://bucket/x' must be the path of a volume"),
        ({"file_arrival": {"url": "/Volumes/c/s/v/*.json"}}, "without wildcards"),
        ({"file_arrival": {**ARRIVAL, "min_time_between_triggers_seconds": 59}}, "file_arrival.min_time.* at least 60"),
        ({"file_arrival": {**ARRIVAL, "wait_after_last_change_seconds": 1}}, "file_arrival.wait_after.* at least 60"),
        ({"file_arrival": {**ARRIVAL, "pattern": "x"}}, "trigger.file_arrival.pattern"),
        ({"table_update": {"table_names": []}}, "at least one table"),
        ({"table_update": {"table_names": ["a.b.c", "a.b.c"]}}, "twice"),
        ({"table_update": {**UPDATE, "condition": "SOME_UPDATED"}}, "ANY_UPDATED, ALL_UPDATED"),
        ({"table_update": {**UPDATE, "wait_after_last_change_seconds": 1}}, "table_update.wait_after.* at least 60"),
        ({"model": {"condition": "MODEL_CREATED"}}, "trigger.model is not supported"),
    ],
)
def test_a_trigger_that_cannot_work_is_refused(trigger, says):
    with pytest.raises(ApiError, match=says) as refused:
        checked({"trigger": trigger})
    assert refused.value.status == 400


@pytest.mark.parametrize("trigger", [{"file_arrival": ARRIVAL}, {"table_update": UPDATE}, {"periodic": DAILY}])
def test_a_trigger_has_a_clock_unless_it_is_paused(trigger):
    assert clock_of(checked({"trigger": trigger})) is not None
    assert clock_of(checked({"trigger": {**trigger, "pause_status": "PAUSED"}})) is None


def test_a_trigger_need_not_wait():
    assert checked({"trigger": {"table_update": {**UPDATE, "min_time_between_triggers_seconds": 0}}})
