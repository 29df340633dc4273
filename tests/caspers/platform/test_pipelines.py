"""The pipeline's schedule, on a workspace of jobs; and when its datasets agree."""

from collections.abc import Iterator

import pytest

from caspers.platform import jobs, pipelines
from job_workspace import JobWorkspace, serving
from register import RegisteredWorkbook


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Iterator[JobWorkspace]:
    with serving(tmp_path_factory.mktemp("schedules") / "home") as made:
        yield made


@pytest.fixture
def ws(space) -> RegisteredWorkbook:
    return RegisteredWorkbook(space.w)


def test_a_schedule_is_made_changed_and_removed(ws):
    job_id = pipelines.ensure_schedule(ws, "p-1", 3)
    settings = ws.w.jobs.get(job_id).settings
    assert settings.schedule.quartz_cron_expression == "0 0/3 * * * ?"
    assert (settings.schedule.pause_status.value, settings.max_concurrent_runs) == ("UNPAUSED", 1)
    assert [task.pipeline_task.pipeline_id for task in settings.tasks] == ["p-1"]
    assert pipelines.ensure_schedule(ws, "p-1", 60) == job_id
    assert ws.w.jobs.get(job_id).settings.schedule.quartz_cron_expression == "0 0 0/1 * * ?"
    assert not ws.written
    assert pipelines.ensure_schedule(ws, "p-1", 0) is None
    assert jobs.find(ws, settings.name) is None
    assert ws.written == [{"task": pipelines.TASK, "type": "job", "name": settings.name}]


def test_a_continuous_pipeline_needs_no_job(ws):
    assert pipelines.ensure_schedule(ws, "p-1", 0) is None
    assert not list(ws.w.jobs.list()) and not ws.written


def test_a_schedule_that_cron_does_not_know_makes_no_job(ws):
    with pytest.raises(ValueError, match="every 7000 minutes"):
        pipelines.ensure_schedule(ws, "p-1", 7000)
    assert not list(ws.w.jobs.list())


NUMBERS = {
    **dict.fromkeys(("bronze_orders", "silver_orders", "gold_orders"), 5),
    **dict.fromkeys(("bronze_unusable", "quarantined"), 1),
    **dict.fromkeys(("silver_revenue", "order_revenue", "item_revenue", "brand_revenue", "location_revenue"), 99),
    "events": 40,
}


def test_equal_totals_agree():
    assert pipelines.agree(NUMBERS)
    assert pipelines.agree(NUMBERS | {"events": 41})


@pytest.mark.parametrize("name", [name for name in NUMBERS if name != "events"])
def test_one_different_total_disagrees(name):
    assert not pipelines.agree(NUMBERS | {name: 2})


def test_no_orders_agree_on_nothing():
    assert not pipelines.agree(None)
    assert not pipelines.agree(NUMBERS | dict.fromkeys(("bronze_orders", "silver_orders", "gold_orders"), 0))
