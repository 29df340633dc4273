import os
from datetime import timedelta

import pytest
from databricks.sdk.service.jobs import CronSchedule, JobSettings, NotebookTask, RunResultState, Task

from caspers.platform import jobs
from caspers.platform.state import Resource
from caspers.platform.status import status
from job_workspace import serving
from register import RegisteredWorkbook


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("helpers") / "home") as space:
        yield space


def settings(path: str, name: str = "Replay") -> JobSettings:
    return JobSettings(name=name, tasks=[Task("replay", notebook_task=NotebookTask(path))])


def test_a_job_is_made_once_and_then_given_its_new_settings(ws):
    assert jobs.find(ws, "Replay") is None
    first = jobs.ensure_job(ws, settings("/one"))
    assert jobs.ensure_job(ws, settings("/two")) == first
    assert jobs.find(ws, "Replay").job_id == first
    assert ws.w.jobs.get(first).settings.tasks[0].notebook_task.notebook_path == "/two"
    assert len(list(ws.w.jobs.list())) == 1


def test_two_jobs_of_one_name_are_an_error_that_names_them(ws):
    ids = [ws.w.jobs.create(name="Twice", tasks=settings("/x").tasks).job_id for _ in range(2)]
    with pytest.raises(ValueError, match=f"{ids[1]}, {ids[0]}"):
        jobs.ensure_job(ws, settings("/x", "Twice"))


def test_waiting_gives_the_run_that_succeeded(ws):
    path = ws.upload("/Users/me/fine.ipynb", "40 + 2")
    run = jobs.run_and_wait(ws, jobs.ensure_job(ws, settings(path, "Fine")))
    assert ws.w.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result == "42"


def test_status_shows_the_last_ended_run_while_another_runs(ws, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)  # opening it waits for the other side
    job_id = jobs.ensure_job(ws, settings(ws.upload("/Users/me/waits.ipynb", f"open({str(gate)!r}).read()"), "Waits"))
    registered = RegisteredWorkbook(ws.w, Resource("job", str(job_id), "Waits"))

    def state() -> str:
        return status(registered)[0]["state"]

    first = ws.w.jobs.run_now(job_id)
    assert state() == "UNSCHEDULED, running"
    gate.write_text("go")
    first.result()
    assert state() == "UNSCHEDULED, last run SUCCESS"
    second = ws.w.jobs.run_now(job_id)
    assert state() == "UNSCHEDULED, last run SUCCESS, running"
    gate.write_text("go")
    second.result()


def test_waiting_raises_the_error_of_the_failing_task(ws):
    path = ws.upload("/Users/me/broken.ipynb", "raise ValueError('no events in the volume')")
    with pytest.raises(jobs.JobFailed, match="replay: ValueError: no events in the volume") as caught:
        jobs.run_and_wait(ws, jobs.ensure_job(ws, settings(path, "Broken")), timedelta(minutes=2))
    assert caught.value.run.state.result_state.value == "FAILED"
    assert "raise ValueError" in str(caught.value)


@pytest.fixture
def held(ws, tmp_path):
    """A run whose notebook writes a file, then waits until something is written to its gate."""
    written, gate = tmp_path / "written", tmp_path / "gate"
    os.mkfifo(gate)
    code = f"open({str(written)!r}, 'w').close(); open({str(gate)!r}).read()"
    job_id = jobs.ensure_job(ws, settings(ws.upload("/Users/me/held.ipynb", code), "Held"))
    return ws.w.jobs.run_now(job_id), written, gate


def test_a_run_can_be_cancelled_as_soon_as_it_has_got_somewhere(ws, held):
    run, written, _ = held
    jobs.wait_within_run(ws, run.run_id, written.exists)
    assert ws.w.jobs.cancel_run_and_wait(run.run_id).state.result_state is RunResultState.CANCELED
    with pytest.raises(jobs.JobFailed, match="CANCELED"):
        jobs.wait_within_run(ws, run.run_id, lambda: False)


def test_waiting_within_a_run_ends_with_the_run_or_after_a_time(ws, held):
    run, _, gate = held
    with pytest.raises(TimeoutError, match=f"Run {run.run_id} was still going after 0:00:00"):
        jobs.wait_within_run(ws, run.run_id, lambda: False, timedelta())
    gate.write_text("go")
    jobs.wait_within_run(ws, run.run_id, lambda: False)


@pytest.mark.parametrize(
    ("minutes", "expression"),
    [
        (1, "0 0/1 * * * ?"),
        (3, "0 0/3 * * * ?"),
        (59, "0 0/59 * * * ?"),
        (60, "0 0 0/1 * * ?"),
        (180, "0 0 0/3 * * ?"),
        (1440, "0 0 0 * * ?"),
    ],
)
def test_every_so_many_minutes_is_a_schedule_that_jobs_accept(ws, minutes, expression):
    assert jobs.every_minutes(minutes) == expression
    scheduled = settings("/x", f"Every {minutes}")
    scheduled.schedule = CronSchedule(expression, "UTC")
    job_id = jobs.ensure_job(ws, scheduled)
    assert ws.w.jobs.get(job_id).settings.schedule.quartz_cron_expression == expression
    ws.w.jobs.delete(job_id)


def test_a_schedule_can_begin_after_another_ones():
    assert jobs.every_minutes(10, first=5) == "0 5/10 * * * ?"


@pytest.mark.parametrize("minutes", [0, -3, 61, 90, 1500, 2880])
def test_what_cron_cannot_say_is_refused(minutes):
    with pytest.raises(ValueError, match=f"every {minutes} minutes"):
        jobs.every_minutes(minutes)


class Publisher:
    """Remembers what was published."""

    def __init__(self):
        self.published = []

    def publish(self, path: str) -> str:
        self.published.append(path)
        return f"/Workspace/Users/me/caspers-workbook/{path}"


def test_a_serverless_tasks_environment_has_this_project():
    publisher = Publisher()
    (environment,) = jobs.environments(publisher)
    assert publisher.published == ["lib/caspers", "pyproject.toml"]
    assert environment.environment_key == jobs.ENVIRONMENT
    assert environment.spec.dependencies == ["--editable /Workspace/Users/me/caspers-workbook"]
