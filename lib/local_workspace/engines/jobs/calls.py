"""Which jobs a job's run_job_tasks start: a job must not start itself."""

from collections.abc import Callable

from local_workspace.engines.jobs.documents import Settings, Task
from local_workspace.runtime.errors import invalid

SettingsOf = Callable[[int], Settings | None]
"""Returns the settings of a job, or None if it does not exist."""


def check_calls(job_id: int, settings: Settings, settings_of: SettingsOf) -> None:
    """Raise ApiError 400 if the job with these settings would start itself, at once or by way of other jobs."""
    waiting = [(called, f"{job_id} -> {called}") for called in _called(settings)]
    seen: set[int] = set()
    while waiting:
        called, path = waiting.pop()
        if called == job_id:
            raise invalid(f"Job {job_id} would start itself: {path}. Take the run_job_task out of one of these jobs.")
        if called not in seen and (further := settings_of(called)):
            seen.add(called)
            waiting += [(next_job, f"{path} -> {next_job}") for next_job in _called(further)]


def _called(settings: Settings) -> list[int]:
    tasks = [_innermost(task) for task in settings.get("tasks", [])]
    return [task["run_job_task"]["job_id"] for task in tasks if "run_job_task" in task]


def _innermost(task: Task) -> Task:
    return task["for_each_task"]["task"] if "for_each_task" in task else task
