"""Jobs API 2.2: `w.jobs`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Request

from local_workspace.engines.jobs.documents import Job
from local_workspace.engines.jobs.watch import Watch
from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.http.bodies import Text
from local_workspace.http.paging import Offset, PageToken, page
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import job_bodies as bodies
from local_workspace.routes import job_runs
from local_workspace.routes.job_listing import (
    API,
    KIND,
    Access,
    Jobs,
    Json,
    Nothing,
    listed,
    refuse_token_of_another,
    with_page_of_arrays,
)
from local_workspace.routes.object_access import JOBS, check, visible
from local_workspace.routes.run_bodies import OneJob

router = APIRouter(dependencies=[REFUSE_UNKNOWN])
MAX_JOBS = 100  # the longest page, as on Databricks


class JobId(TypedDict):
    """The id of a created job."""

    job_id: int


@router.post(f"{API}/create")
def create(request: Request, jobs: Jobs, access: Access, settings: bodies.Settings) -> JobId:
    """Create a job with permissions on it. The caller owns it, unless those name another owner."""
    grants = access.with_owner(KIND, settings.grants(), maker=request.state.caller)
    job_id = jobs.create(settings.settings())
    access.replace(KIND, str(job_id), grants)
    return {"job_id": job_id}


@router.get(f"{API}/get")
def get(
    request: Request, jobs: Jobs, job_id: int, include_trigger_state: bool = False, page_token: PageToken = ""
) -> Json:
    """A job with up to 100 tasks and clusters, and on request with what its trigger has seen."""
    refuse_token_of_another(request, page_token)
    check(request, JOBS, job_id, "CAN_VIEW")
    job = jobs.get(job_id)
    watch = jobs.watch(job_id) if include_trigger_state else None
    state = {"trigger_state": _trigger_state(job, watch)} if watch else {}
    return _with_page_of_tasks(request, {**job, **state}, page_token)


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
    """The jobs that the caller may see, newest first, a page at a time."""
    found = visible(request, JOBS, jobs.find(name), lambda job: job["job_id"])
    items, token = page(request, found, limit, page_token, offset)
    if not expand_tasks:
        items = [{**job, "settings": {**job["settings"], "tasks": []}} for job in items]
    shown = [_with_page_of_tasks(request, dict(job), "") for job in items]
    return listed("jobs", [{name: job[name] for name in job if name != "next_page_token"} for job in shown], token)


@router.post(f"{API}/reset")
def reset(request: Request, jobs: Jobs, access: Access, body: bodies.Reset) -> Nothing:
    """Replace a job's settings, and its permissions if there are some among them."""
    check(request, JOBS, body.job_id, OWNER)
    settings = body.new_settings
    with _granted(access, body.job_id, settings):
        jobs.reset(body.job_id, settings.settings())
    return {}


@router.post(f"{API}/update")
def update(request: Request, jobs: Jobs, access: Access, body: bodies.Update) -> Nothing:
    """Change some of a job's settings, and its permissions if there are some among them."""
    check(request, JOBS, body.job_id, OWNER)
    changes = body.new_settings or bodies.Settings()
    with _granted(access, body.job_id, changes):
        jobs.update(body.job_id, changes.settings(), body.fields_to_remove or [])
    return {}


@contextmanager
def _granted(access: Access, job_id: int, settings: bodies.Settings) -> Iterator[None]:
    """Set the permissions among a job's new settings if the block succeeds; refused ones keep it from starting."""
    sent = settings.access_control_list is not None
    if sent:
        access.with_owner(KIND, settings.grants(), str(job_id))
    yield
    if sent:
        access.replace(KIND, str(job_id), settings.grants(), keeps_owner=True)


@router.post(f"{API}/delete")
def delete(request: Request, jobs: Jobs, body: OneJob) -> Nothing:
    """Delete a job and its runs."""
    check(request, JOBS, body.job_id, OWNER)
    jobs.delete(body.job_id)
    return {}


def _with_page_of_tasks(request: Request, job: Json, token: str) -> Json:
    settings = with_page_of_arrays(request, job["settings"], token)
    following: Json = {name: settings.pop(name) for name in ("has_more", "next_page_token") if name in settings}
    user = request.app.state.engines.user
    return {**job, **following, "settings": settings, "creator_user_name": user, "run_as_user_name": user}


def _trigger_state(job: Job, watch: Watch) -> Json:
    if "file_arrival" in job["settings"]["trigger"]:
        return {"file_arrival": {"using_file_events": False}}
    tables = [{"table_name": table, "has_seen_updates": table in watch["updates"]} for table in watch["watched"]]
    return {"table": {"last_seen_table_states": tables, "using_scalable_monitoring": False}}


router.include_router(job_runs.router)
