"""A run of a job, or of one of its tasks."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.history import RunFilter
from local_workspace.engines.jobs.repair import latest_attempts
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import shown_state
from local_workspace.engines.jobs.views import repair_history
from local_workspace.pages.drawing import Drawing
from local_workspace.pages.engines import Jobs
from local_workspace.pages.jobs import graph, task_run
from local_workspace.pages.jobs.kinds import Fact, kind_of
from local_workspace.pages.jobs.paging import PageNumber
from local_workspace.pages.jobs.rows import RunRow, lasted, run_link, run_row
from local_workspace.pages.jobs.timeline import Timeline, timeline
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import seen
from local_workspace.runtime.errors import ApiError, not_found

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class TaskRow:
    """The last attempt of a task in a run."""

    key: str
    kind: str
    state: str
    message: str
    link: str
    started: int
    duration: int | None
    attempts: int


@dataclass(frozen=True)
class HistoryRow:
    """The original run, or a repair; times in ms since 1970."""

    title: str
    state: str
    started: int


@dataclass(frozen=True)
class RunView:
    """A run: its graph, timeline and tasks. `caller` leads to the Run Job task that has started it, if one has."""

    row: RunRow
    of_job: bool
    ended: int | None
    caller: str
    parameters: list[Fact]
    drawing: Drawing
    timeline: Timeline
    tasks: list[TaskRow]
    history: list[HistoryRow]

    @property
    def repairable(self) -> bool:
        """Whether tasks of the run can be run again."""
        return not self.row.active and self.row.state != "MAXIMUM_CONCURRENT_RUNS_REACHED"


@router.get("/jobs/{job_id}/runs/{run_id}")
def run(request: Request, engine: Jobs, job_id: int, run_id: int, page: PageNumber = 1) -> Response:
    """A run of a job; for the run id of a task, that task's run. A run's number in its job leads to it, too."""
    try:
        found = of_job(engine, job_id, run_id)
    except ApiError:
        if link := _by_number(engine, job_id, run_id):
            return seen(link)
        raise
    if found["run_id"] != found["job_run_id"]:
        view = task_run.view(engine, found, page)
        return whole_or_part(request, "jobs/task_run", view=view, active=view.active)
    return whole_or_part(request, "jobs/run", view=_view(found), active=run_row(found).active)


def of_job(engine: JobsEngine, job_id: int, run_id: int) -> Run:
    """The run of that id, a job's or a task's. Raises 404 if it is not one of that job."""
    found = engine.run(run_id)
    if found["job_id"] != job_id:
        raise not_found(f"Job {job_id} has no run {run_id}.")
    return found


def _by_number(engine: JobsEngine, job_id: int, number: int) -> str:
    """The page of a run by its number in the job, as links of the form #job/ID/run/NUMBER have it."""
    found = (run for run in engine.runs(RunFilter(job_id)) if run["number_in_job"] == number)
    return next((run_link(job_id, run["run_id"]) for run in found), "")


def _view(run: Run) -> RunView:
    return RunView(
        row=run_row(run),
        of_job=run["run_type"] != "SUBMIT_RUN",
        ended=run.get("end_time"),
        caller=_caller(run),
        parameters=[Fact(each["name"], each["value"]) for each in run["job_parameters"]]
        + [Fact(name, value) for name, value in run["overriding_parameters"].items()],
        drawing=graph.of_run(run),
        timeline=timeline(run),
        tasks=[_task_row(run, task) for task in latest_attempts(run).values()],
        history=_history(run),
    )


def _task_row(run: Run, task: TaskRun) -> TaskRow:
    return TaskRow(
        key=task["task_key"],
        kind=kind_of(task),
        state=shown_state(task["state"]),
        message=task["state"]["state_message"],
        link=run_link(run["job_id"], task["run_id"]),
        started=task["start_time"],
        duration=lasted(task),
        attempts=sum(other["task_key"] == task["task_key"] for other in run["tasks"]),
    )


def _history(run: Run) -> list[HistoryRow]:
    """The run and its repairs; empty for a run without repairs."""
    if "repair_history" not in run:
        return []
    return [
        HistoryRow(f"Repair {number}" if number else "Original run", shown_state(item["state"]), item["start_time"])
        for number, item in enumerate(repair_history(run))
    ]


def _caller(run: Run) -> str:
    """The page of the task that has started a run; its job is the last of the run's ancestors."""
    if "trigger_info" not in run or not run.get("ancestors"):
        return ""
    return run_link(run["ancestors"][-1], run["trigger_info"]["run_id"])
