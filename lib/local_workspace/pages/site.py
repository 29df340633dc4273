"""All pages together, as the server includes them."""

import json
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from local_workspace.http import errors
from local_workspace.http.access import wants_page
from local_workspace.pages import (
    access,
    apps,
    catalog,
    compute,
    experiments,
    home,
    jobs,
    lakebase,
    pipelines,
    serving,
    sql,
    static_files,
)
from local_workspace.pages.rendering import render
from local_workspace.runtime.errors import ApiError

SECTIONS = (home, catalog, jobs, pipelines, compute, sql, experiments, serving, lakebase, apps)


def install(app: FastAPI) -> None:
    """Add the pages to the workspace's `app`, and have browsers get its errors as pages."""
    app.state.sign_in_page = access.sign_in_page
    for section in (access, static_files, *SECTIONS):
        app.include_router(section.router)
    for kind in (ApiError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer_error)


def _answer_error(request: Request, error: Exception) -> Response:
    """The answer to a request that failed: a page for a browser, a line for a part of a page, JSON for a program."""
    answer = errors.answer(request, error)
    if not wants_page(request):
        return answer
    message = json.loads(bytes(answer.body))["message"]
    if isinstance(error, HTTPException) and error.status_code == 404:
        message = f"The workspace has no page {request.url.path}."
    template = "fragment_error.html" if "hx-request" in request.headers else "error.html"
    title = HTTPStatus(answer.status_code).phrase
    return render(request, template, answer.status_code, message=message, title=title)
