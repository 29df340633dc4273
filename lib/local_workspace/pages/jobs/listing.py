"""The list of jobs, and the list of all runs."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.documents import Job
from local_workspace.engines.jobs.history import RunFilter
from local_workspace.engines.jobs.run_documents import Run
from local_workspace.pages.engines import Jobs
from local_workspace.pages.jobs.paging import PageNumber, paged
from local_workspace.pages.jobs.rows import RunRow, run_row
from local_workspace.pages.jobs.triggers import is_paused, trigger_words
from local_workspace.pages.live import whole_or_part
from local_workspace.routes.object_access import JOBS as JOBS_KIND
from local_workspace.routes.object_access import sees, visible

router = APIRouter(include_in_schema=False)
JOBS, RUNS = 100, 50  # a page
DOTS = 8
STATES = ("RUNNING", "QUEUED", "PENDING", "SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "CANCELED", "TIMEDOUT")
Text = Annotated[str, Query(max_length=4096)]


@dataclass(frozen=True)
class JobRow:
    """A job: its trigger in words, when it starts next (ms since 1970), and its last runs, oldest first."""

    job_id: int
    name: str
    trigger: str
    paused: bool
    next_run: int | None
    runs: list[RunRow]


@router.get("/jobs")
def jobs(request: Request, engine: Jobs, name: Text = "", page: PageNumber = 1) -> HTMLResponse:
    """The jobs whose name contains `name`, newest first, each with its last runs."""
    recent = engine.recent_runs(DOTS)
    seen = visible(request, JOBS_KIND, engine.find(), lambda job: job["job_id"])
    found = [job for job in seen if name.lower() in job["settings"]["name"].lower()]
    shown = paged(found[(page - 1) * JOBS :][: JOBS + 1], page, JOBS)
    rows = [_job_row(engine, job, recent.get(job["job_id"], [])) for job in shown.rows]
    active = any(run.active for row in rows for run in row.runs)
    return whole_or_part(request, "jobs/list", rows=rows, page=shown, name=name, active=active)


@router.get("/jobs/runs")
def runs(
    request: Request,
    engine: Jobs,
    state: Text = "",
    job_id: Annotated[str, Query(max_length=18)] = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """The runs of all jobs, or of one, newest first, or those in one state."""
    chosen = int(job_id) if job_id.isdecimal() else None
    wanted = RunFilter(chosen, state=state or None, of_jobs=partial(sees, request, JOBS_KIND))
    found = engine.page_of_runs(wanted, (page - 1) * RUNS, RUNS + 1, tasks=False)
    shown = paged([run_row(run) for run in found], page, RUNS)
    seen = visible(request, JOBS_KIND, engine.find(), lambda job: job["job_id"])
    names = {job["job_id"]: job["settings"]["name"] for job in seen}
    active = any(run.active for run in shown.rows)
    return whole_or_part(
        request, "jobs/runs", page=shown, states=STATES, state=state, jobs=names, job_id=chosen, active=active
    )


def _job_row(engine: JobsEngine, job: Job, recent: list[Run]) -> JobRow:
    settings, following = job["settings"], engine.next_run(job["job_id"])
    return JobRow(
        job_id=job["job_id"],
        name=settings["name"],
        trigger=trigger_words(settings),
        paused=is_paused(settings),
        next_run=round(following.timestamp() * 1000) if following else None,
        runs=[run_row(run) for run in reversed(recent)],
    )
