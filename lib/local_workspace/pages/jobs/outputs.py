"""What tasks have put out, as documents of their own: executed notebooks and logs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from markupsafe import Markup, escape

from local_workspace.pages.engines import Jobs
from local_workspace.pages.jobs.run import of_job
from local_workspace.pages.rendering import render
from local_workspace.runtime.errors import ApiError

router = APIRouter(include_in_schema=False)
# An output is as its author wants it: it has no origin, runs no script, and loads nothing.
HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get("/jobs/{job_id}/runs/{run_id}/notebook")
def notebook(request: Request, engine: Jobs, job_id: int, run_id: int) -> HTMLResponse:
    """The notebook that a task's run has executed, with its outputs, for a frame or a window of its own."""
    of_job(engine, job_id, run_id)
    try:
        cells = engine.export(run_id, "basic")[0]["content"]
    except ApiError as error:
        cells = escape(error.message)
    answer = render(request, "jobs/notebook.html", cells=Markup(cells))  # which HEADERS make harmless
    answer.headers.update(HEADERS)
    return answer


@router.get("/jobs/{job_id}/runs/{run_id}/log")
def log(engine: Jobs, job_id: int, run_id: int) -> PlainTextResponse:
    """All that is kept of what the process of a task's run has printed."""
    of_job(engine, job_id, run_id)
    return PlainTextResponse(engine.output(run_id).get("logs", ""), headers=HEADERS)
