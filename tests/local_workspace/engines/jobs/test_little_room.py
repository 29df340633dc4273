"""Runs while the disk has too little room, or none: they wait or are refused, and go on by themselves."""

from pathlib import Path

import pytest
from databricks.sdk.errors import ResourceExhausted
from databricks.sdk.service.jobs import CronSchedule, JobSettings, PauseStatus, PipelineTask, Run, SubmitTask, Task
from databricks.sdk.service.jobs import RunResultState as Result

from disks import GIB, fill, small_disk
from job_workspace import JobWorkspace, serving
from local_workspace.runtime.errors import StorageError
from waiting import eventually

ENDS_AT_ONCE, ENDS_WHEN_RELEASED = "COMPLETED", "HELD"
EVERY_SECOND = CronSchedule("* * * * * ?", "UTC")
PAUSED = CronSchedule("* * * * * ?", "UTC", PauseStatus.PAUSED)


def job(space: JobWorkspace, pipeline: str, **settings: object) -> int:
    """A job whose task is an update of the pipeline; returns its id."""
    return space.w.jobs.create(
        name="test", tasks=[Task("only", pipeline_task=PipelineTask(pipeline))], **settings
    ).job_id


def states(space: JobWorkspace, job_id: int) -> list[str]:
    return [run.state.life_cycle_state.value for run in space.w.jobs.list_runs(job_id=job_id)]


@pytest.fixture
def little_room(space):
    """Too little room, until the test is over."""
    space.disk.free = GIB // 2
    yield
    space.disk.free = 2 * GIB


@pytest.mark.usefixtures("little_room")
def test_one_scheduled_run_waits_for_room_and_does_the_work_of_all(space):
    job_id = job(space, ENDS_AT_ONCE, schedule=EVERY_SECOND)
    eventually(lambda: states(space, job_id), lambda seen: seen.count("SKIPPED") > 1)
    space.w.jobs.update(job_id, new_settings=JobSettings(schedule=PAUSED))
    [waits] = space.w.jobs.list_runs(job_id=job_id, active_only=True)
    assert waits.state.life_cycle_state.value == "QUEUED" and "0.50 GiB are free" in waits.state.state_message
    details = waits.status.queue_details
    assert (details.code.value, details.message) == ("ACTIVE_RUNS_LIMIT_REACHED", waits.state.state_message)
    space.disk.free = 2 * GIB
    assert space.end_of(waits.run_id).state.result_state == Result.SUCCESS
    space.w.jobs.delete(job_id)


@pytest.mark.usefixtures("little_room")
def test_a_run_that_waits_for_room_can_be_canceled(space):
    job_id = job(space, ENDS_AT_ONCE, schedule=EVERY_SECOND)
    eventually(lambda: states(space, job_id), lambda seen: "QUEUED" in seen)
    space.w.jobs.update(job_id, new_settings=JobSettings(schedule=PAUSED))
    [waits] = space.w.jobs.list_runs(job_id=job_id, active_only=True)
    assert space.w.jobs.cancel_run(waits.run_id).result().state.result_state == Result.CANCELED
    space.w.jobs.delete(job_id)


def test_a_client_is_refused_a_run_and_a_repair_while_there_is_too_little_room(space):
    failing = job(space, "FAILED")
    run = space.end_of(space.w.jobs.run_now(failing).run_id)
    space.disk.free = 0
    for call in (
        lambda: space.w.jobs.run_now(failing),
        lambda: space.w.jobs.submit(tasks=[SubmitTask("only", pipeline_task=PipelineTask(ENDS_AT_ONCE))]),
        lambda: space.w.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True),
    ):
        with pytest.raises(ResourceExhausted, match=r"0\.00 GiB are free on the disk of /disk, 1\.00 GiB are needed"):
            call()
    space.disk.free = 2 * GIB
    assert [known.run_id for known in space.w.jobs.list_runs(job_id=failing)] == [run.run_id]
    space.w.jobs.delete(failing)


def test_a_workspace_stops_while_a_run_waits_for_room_and_starts_again(tmp_path):
    with serving(tmp_path / "home") as before:
        job_id = job(before, ENDS_AT_ONCE, schedule=EVERY_SECOND)
        before.disk.free = 0
        eventually(lambda: states(before, job_id), lambda seen: "QUEUED" in seen)
    with serving(tmp_path / "home") as after:
        assert "QUEUED" not in states(after, job_id)
        eventually(lambda: ended_well(after, job_id))


def test_the_end_of_a_run_is_kept_once_a_full_disk_has_room_again(tmp_path: Path):
    with small_disk(tmp_path, 3 * GIB) as disk, serving(disk / "home") as space:
        job_id = job(space, ENDS_WHEN_RELEASED)
        run_id = space.w.jobs.run_now(job_id).run_id
        eventually(space.updates.awaited.is_set)  # a run has its folder only once its task has begun
        filler = fill(disk)
        fill_store(space)
        space.updates.released.set()
        with pytest.raises(ResourceExhausted, match="disk of the workspace's home is full"):
            eventually(lambda: job(space, ENDS_AT_ONCE) and None)
        filler.unlink()
        assert space.end_of(run_id).state.result_state == Result.SUCCESS
        assert states(space, job_id) == ["TERMINATED"]


def ended_well(space: JobWorkspace, job_id: int) -> list[Run]:
    runs = space.w.jobs.list_runs(job_id=job_id, completed_only=True)
    return [run for run in runs if run.state.result_state == Result.SUCCESS]


def fill_store(space: JobWorkspace) -> None:
    """Write documents until the file that the store has already takes no more."""
    with pytest.raises(StorageError):
        for number in range(100_000):
            space.store.put("filler", str(number), {"text": "x" * 1000})
