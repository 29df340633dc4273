"""Scheduled jobs, found again by their name: running a notebook twice leaves one job, not two."""

from dataclasses import fields
from datetime import timedelta
from typing import Protocol

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.compute import Environment
from databricks.sdk.service.jobs import BaseJob, JobEnvironment, JobSettings, Run, RunResultState

ENVIRONMENT = "default"
MINUTES_A_DAY = 24 * 60


class HasClient(Protocol):
    """Anything with a workspace client, such as the workbook that `caspers.connect` returns."""

    w: WorkspaceClient


class Publishes(Protocol):
    """Anything that copies files of this repository to the workspace, such as the workbook."""

    def publish(self, path: str) -> str:
        """Copy `path`; returns its path there."""


class JobFailed(RuntimeError):
    """A job's run did not succeed; the message carries the failing task's error, `run` the run."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


def find(ws: HasClient, name: str) -> BaseJob | None:
    """The job of that name, or None. Raises ValueError if several jobs carry it."""
    found = list(ws.w.jobs.list(name=name))
    if len(found) > 1:
        ids = ", ".join(str(job.job_id) for job in found)
        raise ValueError(f"{len(found)} jobs are named {name!r} ({ids}). Delete all but one of them.")
    return found[0] if found else None


def ensure_job(ws: HasClient, settings: JobSettings) -> int:
    """Make the job of `settings.name`, or give the one that is there these settings; returns its id."""
    if job := find(ws, settings.name):
        ws.w.jobs.reset(job.job_id, settings)
        return job.job_id
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return ws.w.jobs.create(**{name: value for name, value in given.items() if value is not None}).job_id


def environments(ws: Publishes) -> list[JobEnvironment]:
    """What the Python of a serverless task has installed: this project, which goes to the workspace for it.

    A task names it as ENVIRONMENT. A laptop's tasks have the project already.
    """
    ws.publish("lib/caspers")
    root = ws.publish("pyproject.toml").rpartition("/")[0]
    return [JobEnvironment(ENVIRONMENT, Environment(environment_version="4", dependencies=[f"--editable {root}"]))]


def run_and_wait(
    ws: HasClient, job_id: int, timeout: timedelta = timedelta(minutes=20), job_parameters: dict[str, str] | None = None
) -> Run:
    """Run a job now and return its run when it has succeeded.

    Raises JobFailed with the error of the failing task, TimeoutError after `timeout`.
    """
    waiter = ws.w.jobs.run_now(job_id, job_parameters=job_parameters)
    try:
        run = waiter.result(timeout)
    except OperationFailed:  # how the SDK reports a run whose task failed
        run = ws.w.jobs.get_run(waiter.run_id)
    if run.state.result_state != RunResultState.SUCCESS:
        raise JobFailed(_explanation(ws, run), run)
    return run


def every_minutes(minutes: int, first: int = 0) -> str:
    """The Quartz cron expression for every so many minutes.

    1 to 59 counts from minute `first` of each hour (7 means :00, :07 … :56, :00); whole hours up to 24 count from
    midnight. Raises ValueError for anything else, which cron can't say.
    """
    if 1 <= minutes <= 59:
        return f"0 {first}/{minutes} * * * ?"
    hours, rest = divmod(minutes, 60)
    if rest or not 60 <= minutes <= MINUTES_A_DAY:
        raise ValueError(
            f"A schedule of every {minutes} minutes is not possible: "
            f"take 1 to 59 minutes, or whole hours up to {MINUTES_A_DAY} minutes (a day)."
        )
    return f"0 0 0/{hours} * * ?" if minutes < MINUTES_A_DAY else "0 0 0 * * ?"


def _explanation(ws: HasClient, run: Run) -> str:
    """What the run says, and what each task that failed of itself says."""
    lines = [
        f"Run {run.run_id} of job {run.run_name!r} ended as {_result(run)}"
        f": {run.state.state_message} ({run.run_page_url})"
    ]
    for task in run.tasks or []:
        if task.state.result_state == RunResultState.FAILED:
            output = ws.w.jobs.get_run_output(task.run_id)
            lines.append(f"{task.task_key}: {output.error}\n{output.error_trace or ''}")
    return "\n".join(lines)


def _result(run: Run) -> str:
    return (run.state.result_state or run.state.life_cycle_state).value
