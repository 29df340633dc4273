"""Runs of the Jobs API 2.2: `w.jobs`."""

from functools import partial
from typing import Annotated, Literal, TypedDict, cast

from fastapi import APIRouter, Query, Request

from local_workspace.engines.jobs.history import RunFilter
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.repair import Repair
from local_workspace.engines.jobs.run_documents import Run, TaskRun, View
from local_workspace.engines.jobs.views import repair_history
from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.http.access import require_admin
from local_workspace.http.paging import Offset, PageToken, page
from local_workspace.routes import run_bodies as bodies
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
from local_workspace.routes.object_access import JOBS, check, check_run, sees
from local_workspace.runtime.errors import invalid

router = APIRouter()  # part of the router of jobs
SUBMIT_OPTIONS = {
    "budget_policy_id",
    "email_notifications",
    "environment_variables",
    "environments",
    "git_source",
    "health",
    "idempotency_token",
    "notification_settings",
    "performance_target",
    "queue",
    "run_as",
    "run_name",
    "tasks",
    "timeout_seconds",
    "usage_policy_id",
    "webhook_notifications",
}
REPAIR_OPTIONS = {*bodies.Repair.model_fields, "performance_target"}
RUN_OPTIONS = {
    "job_id",
    "job_parameters",
    "notebook_params",
    "idempotency_token",
    "queue",
    "only",
    "performance_target",
}
# fields for the engine only
HIDDEN_OF_RUN = (
    "limits",
    "began_at",
    "idempotency_token",
    "overriding_parameters",
    "ancestors",
    "trigger_values",
    "repair_history",
)
HIDDEN_OF_TASK = ("began_at", "iteration", "input", "for_each_run_id", "of_run", "triggered_run_id")
MAX_RUNS = 25  # the longest page, as on Databricks

Moment = Annotated[int | None, Query(ge=0, le=2**53, description="milliseconds since 1970")]


class SubmittedRun(TypedDict):
    """The id of a run without a job."""

    run_id: int


class StartedRepair(TypedDict):
    """The id of a repair."""

    repair_id: int


class StartedRun(TypedDict):
    """The ids of a started run."""

    run_id: int
    number_in_job: int


@router.post(f"{API}/run-now")
def run_now(request: Request, jobs: Jobs, body: bodies.RunNow) -> StartedRun:
    """Start a run of a job."""
    check(request, JOBS, body.job_id, "CAN_MANAGE_RUN")
    fields = body.sent()
    _refuse_others(fields, RUN_OPTIONS)
    start = Start(
        fields.get("job_parameters", {}),
        fields.get("notebook_params", {}),
        fields.get("idempotency_token"),
        queue=body.queue.enabled if body.queue else None,
        only=body.only,
    )
    run = jobs.start_run(body.job_id, start)
    return {"run_id": run["run_id"], "number_in_job": run["number_in_job"]}


@router.post(f"{API}/runs/submit")
def submit_run(request: Request, jobs: Jobs, access: Access, body: bodies.Submit) -> SubmittedRun:
    """Run tasks once, without a job. The permissions are those of the job id that the run has."""
    _refuse_others(body.sent(), SUBMIT_OPTIONS)
    grants = access.with_owner(KIND, body.grants(), maker=request.state.caller)
    run = jobs.submit_run(body.settings(), Start(token=body.idempotency_token))
    access.start_with(KIND, str(run["job_id"]), grants)
    return {"run_id": run["run_id"]}


@router.post(f"{API}/runs/repair")
def repair_run(request: Request, jobs: Jobs, body: bodies.Repair) -> StartedRepair:
    """Run some tasks of a run again."""
    check_run(request, body.run_id, "CAN_MANAGE_RUN")
    fields = body.sent()
    _refuse_others(fields, REPAIR_OPTIONS)
    options = {name: fields[name] for name in bodies.Repair.model_fields if name in fields and name != "run_id"}
    return {"repair_id": jobs.repair(body.run_id, Repair(**options))}


@router.get(f"{API}/runs/get")
def get_run(
    request: Request,
    jobs: Jobs,
    run_id: int,
    include_history: bool = False,
    include_resolved_values: bool = False,
    page_token: PageToken = "",
) -> Json:
    """A run, or a task of one with its iterations, up to 100 of them: on request with repairs and parameters."""
    refuse_token_of_another(request, page_token)
    check_run(request, run_id, "CAN_VIEW")
    run = jobs.run(run_id)
    history = {"repair_history": repair_history(run)} if include_history else {}
    return with_page_of_arrays(request, _public(run, include_resolved_values) | history, page_token)


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
    """The runs that the caller may see, newest first, a page at a time."""
    if active_only and completed_only:
        raise invalid("active_only and completed_only can't both be true.")
    active = True if active_only else False if completed_only else None
    seen = partial(sees, request, JOBS)
    wanted = RunFilter(job_id, active, run_type, start_time_from, start_time_to, of_jobs=seen)
    runs = [_public(run) for run in jobs.runs(wanted)]
    items, token = page(request, runs, limit or MAX_RUNS, page_token, offset)
    if not expand_tasks:
        items = [run | {"tasks": []} for run in items]
    shown = [with_page_of_arrays(request, run, "") for run in items]
    return listed("runs", [{name: run[name] for name in run if name != "next_page_token"} for run in shown], token)


@router.get(f"{API}/runs/get-output")
def get_run_output(request: Request, jobs: Jobs, run_id: int) -> Json:
    """The output of a task's run: its notebook's result, its logs, or its error."""
    check_run(request, run_id, "CAN_VIEW")
    found = jobs.output(run_id)
    return {**found, "metadata": _public_task(found["metadata"])}


@router.get(f"{API}/runs/export")
def export_run(
    request: Request, jobs: Jobs, run_id: int, views_to_export: Literal["CODE", "DASHBOARDS", "ALL"] = "CODE"
) -> dict[str, list[View]]:
    """The executed notebook of a task's run as HTML; notebooks here have no dashboards."""
    check_run(request, run_id, "CAN_VIEW")
    return {"views": [] if views_to_export == "DASHBOARDS" else jobs.export(run_id)}


@router.post(f"{API}/runs/cancel")
def cancel_run(request: Request, jobs: Jobs, body: bodies.OneRun) -> Nothing:
    """Cancel a run; it ends soon after."""
    check_run(request, body.run_id, "CAN_MANAGE_RUN")
    jobs.cancel(body.run_id)
    return {}


@router.post(f"{API}/runs/cancel-all")
def cancel_all_runs(request: Request, jobs: Jobs, body: bodies.CancelAll) -> Nothing:
    """Cancel all runs of a job and wait for their end, or all runs that are queued."""
    if body.job_id is None:
        require_admin(request)
    else:
        check(request, JOBS, body.job_id, "CAN_MANAGE_RUN")
    if body.all_queued_runs:
        jobs.cancel_queued(body.job_id)
    elif body.job_id is None:
        raise invalid("job_id is missing; give it, or all_queued_runs.")
    else:
        jobs.cancel_all(body.job_id)
    return {}


@router.post(f"{API}/runs/delete")
def delete_run(request: Request, jobs: Jobs, body: bodies.OneRun) -> Nothing:
    """Delete a run that has ended."""
    check_run(request, body.run_id, OWNER)
    jobs.delete_run(body.run_id)
    return {}


def _refuse_others(fields: Json, known: set[str]) -> None:
    if unknown := sorted(fields.keys() - known):
        raise invalid(f"A local workspace can't run a job with {', '.join(unknown)}.")


def _public(run: Run, resolved_values: bool = False) -> Json:
    shown: Json = {name: value for name, value in run.items() if name not in HIDDEN_OF_RUN}
    for name in ("tasks", "iterations"):
        if name in shown:
            shown[name] = [_public_task(task, resolved_values) for task in cast("list[TaskRun]", shown[name])]
    return shown


def _public_task(task: TaskRun, resolved_values: bool = False) -> Json:
    hidden = HIDDEN_OF_TASK if resolved_values else (*HIDDEN_OF_TASK, "resolved_values")
    return {name: value for name, value in task.items() if name not in hidden}
