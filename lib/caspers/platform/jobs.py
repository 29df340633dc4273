"""Scheduled jobs, identified by their names: running a notebook twice leaves one job, not two."""

from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Protocol

from databricks.sdk.service.compute import Environment
from databricks.sdk.service.jobs import (
    BaseJob,
    JobEnvironment,
    JobSettings,
    Run,
    RunLifeCycleState,
    RunResultState,
    RunState,
)
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from caspers.platform.client import HasClient, required

ENDED = (RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR)
ENVIRONMENT = "default"
MINUTES_A_DAY = 24 * 60


class Publishes(Protocol):
    """Anything that copies files of this repository to the workspace, such as the workbook."""

    def publish(self, path: str) -> str:
        """Copy `path`; returns its path there."""


class JobFailed(RuntimeError):
    """A job's run did not succeed; the message has the failing task's error, `run` the run."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


def find(ws: HasClient, name: str) -> BaseJob | None:
    """The job of that name, or None. Raises ValueError if several jobs have it."""
    found = list(ws.w.jobs.list(name=name))
    if len(found) > 1:
        ids = ", ".join(str(job.job_id) for job in found)
        raise ValueError(f"{len(found)} jobs are named {name!r} ({ids}). Delete all but one of them.")
    return found[0] if found else None


def ensure_job(ws: HasClient, settings: JobSettings) -> int:
    """Create the job `settings.name`, or replace the settings of the existing one; returns its id."""
    if job := find(ws, required(settings.name, "name of the job")):
        job_id = required(job.job_id, "job id")
        ws.w.jobs.reset(job_id, settings)
        return job_id
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    made = ws.w.jobs.create(**{name: value for name, value in given.items() if value is not None})
    return required(made.job_id, "job id")


def environments(ws: Publishes) -> list[JobEnvironment]:
    """The environment of serverless tasks, with this project installed; publishes the project to the workspace.

    A task refers to it as ENVIRONMENT.
    """
    ws.publish("lib/caspers")
    root = ws.publish("pyproject.toml").rpartition("/")[0]
    return [JobEnvironment(ENVIRONMENT, Environment(environment_version="4", dependencies=[f"--editable {root}"]))]


def run_and_wait(ws: HasClient, job_id: int, timeout: timedelta = timedelta(minutes=20)) -> Run:
    """Run a job now, wait, and return the run if it succeeded.

    Raises JobFailed with the error of the failing task, TimeoutError after `timeout`.
    """
    run_id = ws.w.jobs.run_now(job_id).run_id
    # Not the SDK's `result`, which asks less and less often, at last every ten seconds: a short run seems long.
    wait_within_run(ws, run_id, lambda: False, timeout, pause=0.5)
    return ws.w.jobs.get_run(run_id)


def wait_within_run(
    ws: HasClient,
    run_id: int,
    reached: Callable[[], bool],
    timeout: timedelta = timedelta(minutes=20),
    pause: float = 0.2,
) -> None:
    """Return as soon as `reached()` is true while a run goes on, or once the run has succeeded.

    Asks every `pause` seconds. Raises JobFailed if the run ends otherwise, TimeoutError after `timeout`.
    """

    def over() -> bool:
        if reached():
            return True
        run = ws.w.jobs.get_run(run_id)
        if _state(run).life_cycle_state not in ENDED:
            return False
        _check_success(ws, run)
        return True

    waiting = Retrying(
        retry=retry_if_result(lambda done: not done), wait=wait_fixed(pause), stop=stop_after_delay(timeout)
    )
    try:
        waiting(over)
    except RetryError:
        raise TimeoutError(f"Run {run_id} was still going after {timeout}.") from None


def every_minutes(minutes: int, first: int = 0) -> str:
    """The Quartz cron expression for every so many minutes.

    1 to 59 counts from minute `first` of each hour (7 means :00, :07 … :56, :00); whole hours up to 24 count from
    midnight. Raises ValueError for anything else, which a cron expression can't express.
    """
    if 1 <= minutes <= 59:
        return f"0 {first}/{minutes} * * * ?"
    hours, rest = divmod(minutes, 60)
    if rest or not 60 <= minutes <= MINUTES_A_DAY:
        raise ValueError(
            f"A schedule of every {minutes} minutes is not possible: "
            f"use 1 to 59 minutes, or whole hours up to {MINUTES_A_DAY} minutes (a day)."
        )
    return f"0 0 0/{hours} * * ?" if minutes < MINUTES_A_DAY else "0 0 0 * * ?"


def _check_success(ws: HasClient, run: Run) -> None:
    """Raise JobFailed unless the run succeeded."""
    if _state(run).result_state != RunResultState.SUCCESS:
        raise JobFailed(_explanation(ws, run), run)


def _explanation(ws: HasClient, run: Run) -> str:
    """The run's result and message, then the error of each task that failed."""
    lines = [
        f"Run {run.run_id} of job {run.run_name!r} ended as {_result(run)}"
        f": {_state(run).state_message} ({run.run_page_url})"
    ]
    for task in run.tasks or []:
        if task.state and task.state.result_state == RunResultState.FAILED:
            output = ws.w.jobs.get_run_output(required(task.run_id, "run id of the task"))
            lines.append(f"{task.task_key}: {output.error}\n{output.error_trace or ''}")
    return "\n".join(lines)


def _result(run: Run) -> str:
    state = _state(run)
    return state.result_state.value if state.result_state else required(state.life_cycle_state, "state").value


def _state(run: Run) -> RunState:
    return required(run.state, "state of the run")
