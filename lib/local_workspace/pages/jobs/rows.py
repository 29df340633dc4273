"""Runs and their tasks as the pages list them."""

from dataclasses import dataclass

from local_workspace.engines.jobs.run_documents import Progress, Run
from local_workspace.engines.jobs.states import is_active, shown_state
from local_workspace.runtime.timestamps import now_ms

_LAUNCHED = {
    "ONE_TIME": "Manually",
    "PERIODIC": "By scheduler",
    "RUN_JOB_TASK": "By a Run Job task",
    "FILE_ARRIVAL": "By file arrival",
    "TABLE": "By table update",
}


@dataclass(frozen=True)
class RunRow:
    """A run of a job: `link` leads to its page, `started` is in ms since 1970, `duration` in ms, None if it waits."""

    run_id: int
    job_id: int
    name: str
    link: str
    state: str
    message: str
    active: bool
    launched: str
    started: int
    duration: int | None
    parameters: str


def run_row(run: Run) -> RunRow:
    """The row of a run."""
    return RunRow(
        run_id=run["run_id"],
        job_id=run["job_id"],
        name=run["run_name"],
        link=run_link(run["job_id"], run["run_id"]),
        state=shown_state(run["state"]),
        message=run["state"]["state_message"],
        active=is_active(run),
        launched=launched(run),
        started=run["start_time"],
        duration=lasted(run),
        parameters=", ".join(f"{each['name']}: {each['value']}" for each in run["job_parameters"]),
    )


def launched(run: Run) -> str:
    """What has started a run, in words."""
    return "By a submitted run" if run["run_type"] == "SUBMIT_RUN" else _LAUNCHED.get(run["trigger"], run["trigger"])


def lasted(doc: Progress) -> int | None:
    """How long a run or task has taken so far, in ms; None before it begins."""
    if is_active(doc):
        began = doc.get("began_at")
        return max(0, now_ms() - began) if began else None
    return doc.get("run_duration")


def run_link(job_id: int, run_id: int) -> str:
    """The page of a run, or of a task's run."""
    return f"/jobs/{job_id}/runs/{run_id}"
