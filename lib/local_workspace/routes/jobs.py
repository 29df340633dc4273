"""Jobs API 2.2: `w.jobs`, and the page of a run."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import RedirectResponse

from local_workspace.engines.jobs import JobsEngine
from local_workspace.runtime.errors import invalid

router = APIRouter()
API = "/api/2.2/jobs"
RUN_OPTIONS = {"job_id", "job_parameters", "notebook_params", "idempotency_token", "queue", "performance_target"}
HIDDEN = ("limits", "began_at", "idempotency_token", "overriding_parameters")  # the engine's own notes


def _jobs(request: Request) -> JobsEngine:
    return request.app.state.engines.jobs


Jobs = Annotated[JobsEngine, Depends(_jobs)]
JobId = Annotated[int, Body(embed=True)]
RunId = Annotated[int, Body(embed=True)]
Fields = Annotated[dict, Body()]


@router.post(f"{API}/create")
def create(jobs: Jobs, settings: Fields) -> dict:
    """Make a job."""
    settings.pop("access_control_list", None)  # a local workspace has one user
    return {"job_id": jobs.create(settings)}


@router.get(f"{API}/get")
def get(jobs: Jobs, job_id: int) -> dict:
    """A job with its settings."""
    return jobs.get(job_id)


@router.get(f"{API}/list")
def list_jobs(
    jobs: Jobs,
    name: str | None = None,
    limit: int = 20,
    offset: int = 0,
    page_token: str = "",
    expand_tasks: bool = False,
) -> dict:
    """Jobs, newest first, a page at a time."""
    page, more = _page(jobs.find(name), limit or 100, offset, page_token)
    if not expand_tasks:
        page = [job | {"settings": {**job["settings"], "tasks": []}} for job in page]
    return {"jobs": page} | more


@router.post(f"{API}/reset")
def reset(jobs: Jobs, job_id: JobId, new_settings: Fields) -> dict:
    """Replace a job's settings."""
    jobs.reset(job_id, new_settings)
    return {}


@router.post(f"{API}/update")
def update(jobs: Jobs, fields: Fields) -> dict:
    """Change some of a job's settings."""
    jobs.update(_id(fields, "job_id"), fields.get("new_settings", {}), fields.get("fields_to_remove", []))
    return {}


@router.post(f"{API}/delete")
def delete(jobs: Jobs, job_id: JobId) -> dict:
    """Remove a job and its runs."""
    jobs.delete(job_id)
    return {}


@router.post(f"{API}/run-now")
def run_now(jobs: Jobs, fields: Fields) -> dict:
    """Start a run of a job."""
    if unknown := sorted(fields.keys() - RUN_OPTIONS):
        raise invalid(f"A local workspace can't run a job with {', '.join(unknown)}.")
    run = jobs.run_now(
        _id(fields, "job_id"),
        fields.get("job_parameters"),
        fields.get("notebook_params"),
        fields.get("idempotency_token"),
    )
    return {"run_id": run["run_id"], "number_in_job": run["number_in_job"]}


@router.get(f"{API}/runs/get")
def get_run(jobs: Jobs, run_id: int) -> dict:
    """A run with its tasks."""
    return _public(jobs.run(run_id))


@router.get(f"{API}/runs/list")
def list_runs(
    jobs: Jobs,
    job_id: int | None = None,
    active_only: bool = False,
    completed_only: bool = False,
    expand_tasks: bool = False,
    limit: int = 20,
    offset: int = 0,
    page_token: str = "",
) -> dict:
    """Runs, newest first, a page at a time."""
    active = True if active_only else False if completed_only else None
    page, more = _page([_public(run) for run in jobs.runs(job_id, active)], limit or 25, offset, page_token)
    if not expand_tasks:
        page = [run | {"tasks": []} for run in page]
    return {"runs": page} | more


@router.get(f"{API}/runs/get-output")
def get_run_output(jobs: Jobs, run_id: int) -> dict:
    """What a task gave."""
    return jobs.output(run_id)


@router.post(f"{API}/runs/cancel")
def cancel_run(jobs: Jobs, run_id: RunId) -> dict:
    """Tell a run to end."""
    jobs.cancel(run_id)
    return {}


@router.post(f"{API}/runs/cancel-all")
def cancel_all_runs(jobs: Jobs, fields: Fields) -> dict:
    """End all runs of a job."""
    jobs.cancel_all(_id(fields, "job_id"))
    return {}


@router.post(f"{API}/runs/delete")
def delete_run(jobs: Jobs, run_id: RunId) -> dict:
    """Forget a run that has ended."""
    jobs.delete_run(run_id)
    return {}


@router.get("/jobs/{job_id}/runs/{run_id}")
def run_page(job_id: int, run_id: int) -> RedirectResponse:
    """Where a run's `run_page_url` leads: the run as JSON, for a browser."""
    return RedirectResponse(f"{API}/runs/get?run_id={run_id}")


def _id(fields: dict, name: str) -> int:
    if not isinstance(fields.get(name), int):
        raise invalid(f"{name} must be a number, not {fields.get(name)!r}.")
    return fields[name]


def _public(run: dict) -> dict:
    tasks = [{name: value for name, value in task.items() if name not in HIDDEN} for task in run["tasks"]]
    return {name: value for name, value in run.items() if name not in HIDDEN} | {"tasks": tasks}


def _page(items: list[dict], limit: int, offset: int, token: str) -> tuple[list[dict], dict]:
    """One page of `items` and the fields that tell of the next. A page token is the next offset."""
    start = int(token) if token.isdecimal() else offset
    end = start + min(limit, 100)
    more = {"has_more": True, "next_page_token": str(end)} if end < len(items) else {"has_more": False}
    return items[start:end], more
