"""The list of jobs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Jobs
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/jobs")
def jobs(request: Request, engine: Jobs) -> HTMLResponse:
    """Every job by its name."""
    return render(request, "jobs/list.html", jobs=engine.find())
