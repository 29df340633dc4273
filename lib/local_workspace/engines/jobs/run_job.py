"""A run_job_task: another job's run, waited for and cancelled with the task."""

import threading
from collections.abc import Callable
from typing import Protocol

from local_workspace.engines.jobs import references
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.engines.jobs.states import shown_state
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.errors import invalid

MAX_NESTING = 3  # https://docs.databricks.com/aws/en/jobs/run-job


class Jobs(Protocol):
    """The methods of the jobs engine that a run_job_task calls."""

    def start_run(self, job_id: int, start: Start) -> Run:
        """Start a run of a job. Raises ApiError 400, 404."""

    def run(self, run_id: int) -> Run:
        """The run of that id. Raises ApiError 404."""

    def cancel(self, run_id: int) -> None:
        """Request a run's end."""

    def when_ended(self, run_id: int, callback: Callable[[], None]) -> None:
        """Call `callback` once the run has ended; at once if it has."""


def run_job(task: TaskRun, run: Run, jobs: Jobs, cancellation: Cancellation, started: Callable[[int], None]) -> Outcome:
    """Run the job that `task` of `run` names, and wait for its end; `started` is called with the new run's id.

    Raises ApiError 400, 404 if the job can't run.
    """
    settings, ancestors = task["run_job_task"], (*run.get("ancestors", []), run["job_id"])
    _check_nesting(settings["job_id"], ancestors)
    known = references.values(task, run)
    start = Start(
        job_parameters={name: str(value) for name, value in settings.get("job_parameters", {}).items()},
        notebook_params={name: str(value) for name, value in settings.get("notebook_params", {}).items()},
        trigger="RUN_JOB_TASK",
        caused_by=task["run_id"],
        ancestors=ancestors,
        inherited={item["name"]: known[f"job.parameters.{item['name']}"] for item in run["job_parameters"]},
    )
    child = jobs.start_run(settings["job_id"], start)["run_id"]
    started(child)
    ended = threading.Event()
    jobs.when_ended(child, ended.set)
    with cancellation.calling(lambda: jobs.cancel(child)):
        ended.wait()
    return _outcome(jobs.run(child))


def _check_nesting(job_id: int, ancestors: tuple[int, ...]) -> None:
    if job_id in ancestors:
        raise invalid(f"Job {job_id} would start itself, by way of {' -> '.join(map(str, ancestors))}.")
    if len(ancestors) > MAX_NESTING:
        raise invalid(f"Job {job_id} would run in more than {MAX_NESTING} run_job_tasks inside each other.")


def _outcome(child: Run) -> Outcome:
    state = child["state"]
    if state.get("result_state") in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
        return {}
    message = f"Run {child['run_id']} of job {child['job_id']} ended {shown_state(state)}: {state['state_message']}"
    return {"error": message, "error_trace": ""}
