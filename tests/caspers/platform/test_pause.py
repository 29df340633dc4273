"""Stopping what costs money, and starting it again."""

from types import SimpleNamespace
from unittest.mock import Mock, call

from databricks.sdk.errors import NotFound
from databricks.sdk.service.jobs import CronSchedule, Job, JobSettings, PauseStatus

from caspers.platform.pause import pause, resume, standing
from caspers.platform.state import Resource
from register import RegisteredWorkbook

CRON = "0 0/3 * * * ?"
REGISTERED = [
    Resource("table", "c.lake.t", "c.lake.t"),
    Resource("job", "7", "Replay"),
    Resource("job", "8", "By hand"),
    Resource("pipeline", "p-1", "Medallion"),
    Resource("synced_table", "c.lake.t", "c.lake.t"),
    Resource("app", "manager", "manager"),
]


def workspace() -> Mock:
    """A client that records its calls; job 7 has a schedule, job 8 has none."""
    w = Mock()
    w.jobs.get.side_effect = lambda job_id: Job(
        settings=JobSettings(schedule=CronSchedule(CRON, "UTC", PauseStatus.UNPAUSED) if job_id == 7 else None)
    )
    return w


def schedule(status: PauseStatus) -> JobSettings:
    return JobSettings(schedule=CronSchedule(CRON, "UTC", status))


def test_what_stands_is_what_costs_money():
    ws = RegisteredWorkbook(SimpleNamespace(), *REGISTERED)
    assert [each.name for each in standing(ws)] == ["Replay", "By hand", "Medallion", "c.lake.t", "manager"]


def test_a_pause_stops_schedules_pipeline_and_app_and_removes_nothing():
    w = workspace()
    assert pause(RegisteredWorkbook(w, *REGISTERED)) == ["Replay", "By hand", "Medallion", "manager"]
    changes = [each for each in w.mock_calls if each[0] != "jobs.get"]
    assert changes == [
        call.jobs.update(7, new_settings=schedule(PauseStatus.PAUSED)),
        call.pipelines.stop("p-1"),
        call.apps.stop("manager"),
    ]


def test_resume_starts_the_same_again():
    w = workspace()
    resume(RegisteredWorkbook(w, *REGISTERED))
    assert w.jobs.update.call_args == call(7, new_settings=schedule(PauseStatus.UNPAUSED))
    w.pipelines.start_update.assert_called_once_with("p-1")
    w.apps.start.assert_called_once_with("manager")


def test_what_somebody_has_removed_is_left_out():
    w = workspace()
    w.pipelines.stop.side_effect = NotFound("no such pipeline")
    assert pause(RegisteredWorkbook(w, *REGISTERED)) == ["Replay", "By hand", "manager"]
