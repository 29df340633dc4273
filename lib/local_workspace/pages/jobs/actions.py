"""What a page of jobs can do: start a run, cancel it, repair it, and pause or resume a job's schedule."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.repair import Repair
from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Jobs
from local_workspace.pages.jobs import forms
from local_workspace.pages.jobs.job import job_view
from local_workspace.pages.jobs.rows import run_link
from local_workspace.pages.jobs.run import of_job
from local_workspace.pages.jobs.triggers import Pause, with_pause
from local_workspace.pages.rendering import render, seen
from local_workspace.routes.object_access import JOBS, Needs
from local_workspace.runtime.errors import ApiError

router = APIRouter(include_in_schema=False)


class Pairs(BaseModel):
    """Names and values of parameters in the order of the form's fields."""

    job_name: list[Text] = []
    job_value: list[Text] = []
    notebook_name: list[Text] = []
    notebook_value: list[Text] = []

    def of_job(self) -> dict[str, str]:
        """The job's parameters."""
        return dict(zip(self.job_name, self.job_value, strict=False))

    def of_notebooks(self) -> dict[str, str]:
        """The parameters for notebooks; a field that was left without a name is none."""
        return {name: value for name, value in zip(self.notebook_name, self.notebook_value, strict=False) if name}


class RepairForm(Pairs):
    """The tasks to run again, and whether those that depend on them follow."""

    task: list[Text] = []
    dependent: bool = False


@router.get("/jobs/{job_id}/run-now")
def choose_parameters(request: Request, engine: Jobs, job_id: int) -> Response:
    """The form that starts a run of a job with parameters."""
    return _run_form(request, engine, job_id)


@router.post("/jobs/{job_id}/run-now")
def run_now(request: Request, engine: Jobs, job_id: int, sent: Annotated[Pairs, Form()]) -> Response:
    """Start a run of a job, and show it."""
    job = engine.get(job_id)
    notebooks = forms.changed(sent.of_notebooks(), forms.notebook_parameters(job["settings"].get("tasks", [])))
    try:
        run = engine.start_run(job_id, Start(sent.of_job(), notebooks))
    except ApiError as error:
        return _run_form(request, engine, job_id, error)
    return seen(run_link(job_id, run["run_id"]))


@router.get("/jobs/{job_id}/runs/{run_id}/repair")
def choose_tasks(request: Request, engine: Jobs, job_id: int, run_id: int) -> Response:
    """The form that runs tasks of a run again."""
    return _repair_form(request, engine, job_id, run_id)


@router.post("/jobs/{job_id}/runs/{run_id}/repair")
def repair(request: Request, engine: Jobs, job_id: int, run_id: int, sent: Annotated[RepairForm, Form()]) -> Response:
    """Run the chosen tasks of a run again, and show it."""
    latest = forms.latest_repair(of_job(engine, job_id, run_id))
    options = Repair(sent.task, False, sent.dependent, latest, sent.of_job(), sent.of_notebooks())
    try:
        if not sent.task:
            raise forms.none_chosen()
        engine.repair(run_id, options)
    except ApiError as error:
        return _repair_form(request, engine, job_id, run_id, error)
    return seen(run_link(job_id, run_id))


@router.post("/jobs/{job_id}/runs/{run_id}/cancel")
def cancel(engine: Jobs, job_id: int, run_id: int) -> RedirectResponse:
    """Request the end of a run, or of a task's run, and show it."""
    of_job(engine, job_id, run_id)
    engine.cancel(run_id)
    return seen(run_link(job_id, run_id))


@router.post("/jobs/{job_id}/schedule", dependencies=[Depends(Needs(JOBS, "job_id", OWNER))])
def pause(engine: Jobs, job_id: int, pause_status: Annotated[Pause, Form()]) -> RedirectResponse:
    """Pause or resume the schedule or trigger of a job, and show the job."""
    engine.update(job_id, with_pause(engine.get(job_id)["settings"], pause_status), [])
    return seen(f"/jobs/{job_id}")


def _run_form(request: Request, engine: JobsEngine, job_id: int, error: ApiError | None = None) -> Response:
    job = engine.get(job_id)
    form = forms.of_job(job)
    return render(request, "jobs/run_now.html", _code(error), job=job_view(engine, job), form=form, error=error)


def _repair_form(
    request: Request, engine: JobsEngine, job_id: int, run_id: int, error: ApiError | None = None
) -> Response:
    form = forms.of_run(of_job(engine, job_id, run_id))
    return render(request, "jobs/repair.html", _code(error), form=form, error=error)


def _code(error: ApiError | None) -> int:
    return error.status if error else 200
