"""Jobs API 2.2: `w.jobs`, and the page of a run."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.history import RunFilter
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.http.bodies import Text
from local_workspace.http.paging import Offset, PageToken, page
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import job_bodies as bodies
from local_workspace.runtime.errors import invalid

router = APIRouter(dependencies=[REFUSE_UNKNOWN])
API = "/api/2.2/jobs"
RUN_OPTIONS = {"job_id", "job_parameters", "notebook_params", "idempotency_token", "queue", "performance_target"}
# fields for the engine only
HIDDEN_OF_RUN = ("limits", "began_at", "idempotency_token", "overriding_parameters", "ancestors", "trigger_values")
HIDDEN_OF_TASK = ("began_at", "iteration", "input", "for_each_run_id", "of_run", "triggered_run_id")
MAX_JOBS, MAX_RUNS = 100, 25  # the longest pages, as on Databricks

Moment = Annotated[int | None, Query(ge=0, le=2**53, description="milliseconds since 1970")]
Json = dict[str, Any]
Nothing = dict[str, None]


class JobId(TypedDict):
    """The id of a created job."""

    job_id: int


class StartedRun(TypedDict):
    """The ids of a started run."""

    run_id: int
    number_in_job: int


def _jobs(request: Request) -> JobsEngine:
    engine: JobsEngine = request.app.state.engines.jobs
    return engine


Jobs = Annotated[JobsEngine, Depends(_jobs)]


@router.post(f"{API}/create")
def create(jobs: Jobs, settings: bodies.Settings) -> JobId:
    """Create a job."""
    if settings.model_extra:
        settings.model_extra.pop("access_control_list", None)  # a local workspace has one user
    return {"job_id": jobs.create(settings.settings())}


@router.get(f"{API}/get")
def get(
    request: Request, jobs: Jobs, job_id: int, include_trigger_state: bool = False, page_token: PageToken = ""
) -> Json:
    """A job with all its settings on one page. No job here has a trigger whose state could be included."""
    page(request, [], 1, page_token)
    return dict(jobs.get(job_id))


@router.get(f"{API}/list")
def list_jobs(
    request: Request,
    jobs: Jobs,
    name: Text | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 20,
    offset: Offset = 0,
    page_token: PageToken = "",
    expand_tasks: bool = False,
) -> Json:
    """Jobs, newest first, a page at a time."""
    items, token = page(request, jobs.find(name), limit, page_token, offset)
    if not expand_tasks:
        items = [{**job, "settings": {**job["settings"], "tasks": []}} for job in items]
    return _listed("jobs", [dict(job) for job in items], token)


@router.post(f"{API}/reset")
def reset(jobs: Jobs, body: bodies.Reset) -> Nothing:
    """Replace a job's settings."""
    jobs.reset(body.job_id, body.new_settings.settings())
    return {}


@router.post(f"{API}/update")
def update(jobs: Jobs, body: bodies.Update) -> Nothing:
    """Change some of a job's settings."""
    changes = (body.new_settings or bodies.Settings()).settings()
    jobs.update(body.job_id, changes, body.fields_to_remove or [])
    return {}


@router.post(f"{API}/delete")
def delete(jobs: Jobs, body: bodies.OneJob) -> Nothing:
    """Delete a job and its runs."""
    jobs.delete(body.job_id)
    return {}


@router.post(f"{API}/run-now")
def run_now(jobs: Jobs, body: bodies.RunNow) -> StartedRun:
    """Start a run of a job."""
    fields = body.sent()
    if unknown := sorted(fields.keys() - RUN_OPTIONS):
        raise invalid(f"A local workspace can't run a job with {', '.join(unknown)}.")
    start = Start(
        fields.get("job_parameters", {}),
        fields.get("notebook_params", {}),
        fields.get("idempotency_token"),
        queue=body.queue.enabled if body.queue else None,
    )
    run = jobs.start_run(body.job_id, start)
    return {"run_id": run["run_id"], "number_in_job": run["number_in_job"]}


@router.get(f"{API}/runs/get")
def get_run(
    request: Request,
    jobs: Jobs,
    run_id: int,
    include_history: bool = False,
    include_resolved_values: bool = False,
    page_token: PageToken = "",
) -> Json:
    """A run with all its tasks on one page. No run here was repaired, so there is no history to include."""
    page(request, [], 1, page_token)
    return _public(jobs.run(run_id), include_resolved_values)


@router.get(f"{API}/runs/list")
def list_runs(
    request: Request,
    jobs: Jobs,
    job_id: int | None = None,
    active_only: bool = False,
    completed_only: bool = False,
    expand_tasks: bool = False,
    run_type: Literal["JOB_RUN", "SUBMIT_RUN", "WORKFLOW_RUN"] | None = None,
    start_time_from: Moment = None,
    start_time_to: Moment = None,
    limit: Annotated[int, Query(ge=0, le=MAX_RUNS, description="0 is the longest page")] = 20,
    offset: Offset = 0,
    page_token: PageToken = "",
) -> Json:
    """Runs, newest first, a page at a time."""
    if active_only and completed_only:
        raise invalid("active_only and completed_only can't both be true.")
    active = True if active_only else False if completed_only else None
    wanted = RunFilter(job_id, active, run_type, start_time_from, start_time_to)
    runs = [_public(run) for run in jobs.runs(wanted)]
    items, token = page(request, runs, limit or MAX_RUNS, page_token, offset)
    if not expand_tasks:
        items = [run | {"tasks": []} for run in items]
    return _listed("runs", items, token)


@router.get(f"{API}/runs/get-output")
def get_run_output(jobs: Jobs, run_id: int) -> Json:
    """The output of a task's run: its notebook's result, or its error."""
    return dict(jobs.output(run_id))


@router.post(f"{API}/runs/cancel")
def cancel_run(jobs: Jobs, body: bodies.OneRun) -> Nothing:
    """Cancel a run; it ends soon after."""
    jobs.cancel(body.run_id)
    return {}


@router.post(f"{API}/runs/cancel-all")
def cancel_all_runs(jobs: Jobs, body: bodies.OneJob) -> Nothing:
    """Cancel all runs of a job and wait for their end."""
    jobs.cancel_all(body.job_id)
    return {}


@router.post(f"{API}/runs/delete")
def delete_run(jobs: Jobs, body: bodies.OneRun) -> Nothing:
    """Delete a run that has ended."""
    jobs.delete_run(body.run_id)
    return {}


@router.get("/jobs/{job_id}/runs/{run_id}", status_code=307, response_class=RedirectResponse)
def run_page(job_id: int, run_id: int) -> RedirectResponse:
    """Where a run's `run_page_url` leads: the run as JSON, for a browser."""
    return RedirectResponse(f"{API}/runs/get?run_id={run_id}")


def _public(run: Run, resolved_values: bool = False) -> Json:
    shown: Json = {name: value for name, value in run.items() if name not in HIDDEN_OF_RUN}
    for name in ("tasks", "iterations"):
        if name in shown:
            shown[name] = [_public_task(task, resolved_values) for task in cast("list[TaskRun]", shown[name])]
    return shown


def _public_task(task: TaskRun, resolved_values: bool = False) -> Json:
    hidden = HIDDEN_OF_TASK if resolved_values else (*HIDDEN_OF_TASK, "resolved_values")
    return {name: value for name, value in task.items() if name not in hidden}


def _listed(name: str, items: Sequence[Json], token: str | None) -> Json:
    return {name: list(items), "has_more": token is not None} | ({"next_page_token": token} if token else {})
