"""A job: its runs, and its tasks."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.documents import Job
from local_workspace.engines.jobs.history import RunFilter
from local_workspace.pages.engines import Jobs
from local_workspace.pages.jobs import graph
from local_workspace.pages.jobs.kinds import Fact, task_view
from local_workspace.pages.jobs.matrix import matrix
from local_workspace.pages.jobs.paging import PageNumber, paged
from local_workspace.pages.jobs.rows import run_row
from local_workspace.pages.jobs.triggers import is_paused, trigger_words
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)
RUNS = 25  # a page, and columns of the matrix


@dataclass(frozen=True)
class JobView:
    """What all pages of a job show beside it; times in ms since 1970."""

    job_id: int
    name: str
    created: int
    trigger: str
    paused: bool
    next_run: int | None
    parameters: list[Fact]
    limits: list[Fact]
    environments: list[Fact]

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """The titles and paths of the job's pages."""
        return [("Runs", f"/jobs/{self.job_id}"), ("Tasks", f"/jobs/{self.job_id}/tasks")]


@router.get("/jobs/{job_id}")
def runs(request: Request, engine: Jobs, job_id: int, page: PageNumber = 1) -> HTMLResponse:
    """The last runs of a job, as a matrix of tasks and as a list."""
    job = engine.get(job_id)
    found = engine.page_of_runs(RunFilter(job_id), (page - 1) * RUNS, RUNS + 1)
    shown = paged([run_row(run) for run in found], page, RUNS)
    table = matrix(found[:RUNS], job["settings"].get("tasks", []))
    active = any(run.active for run in shown.rows)
    return whole_or_part(request, "jobs/job", job=job_view(engine, job), page=shown, matrix=table, active=active)


@router.get("/jobs/{job_id}/tasks")
def tasks(request: Request, engine: Jobs, job_id: int) -> HTMLResponse:
    """The graph of a job's tasks, and their settings."""
    job = engine.get(job_id)
    found = job["settings"].get("tasks", [])
    views = [task_view(task) for task in found]
    return render(request, "jobs/tasks.html", job=job_view(engine, job), drawing=graph.of_job(found), tasks=views)


def job_view(engine: JobsEngine, job: Job) -> JobView:
    """The view of a job."""
    settings, following = job["settings"], engine.next_run(job["job_id"])
    queue = "queue" in settings and settings["queue"]["enabled"]
    timeout = settings["timeout_seconds"]
    return JobView(
        job_id=job["job_id"],
        name=settings["name"],
        created=job["created_time"],
        trigger=trigger_words(settings),
        paused=is_paused(settings),
        next_run=round(following.timestamp() * 1000) if following else None,
        parameters=[Fact(each["name"], each["default"]) for each in settings.get("parameters", [])],
        limits=[
            Fact("Maximum concurrent runs", str(settings["max_concurrent_runs"])),
            Fact("Queue", "On" if queue else "Off"),
            Fact("Timeout", f"{timeout} s" if timeout else "None"),
        ],
        environments=[
            Fact(each["environment_key"], ", ".join(each.get("spec", {}).get("dependencies", [])))
            for each in settings.get("environments", [])
        ],
    )
