"""Pages whose content the Spark server tells: the frame is shown at once, and loads the content by itself."""

from collections.abc import Callable, Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.securable import Page
from local_workspace.pages.rendering import render
from local_workspace.runtime.errors import ApiError


def explored(request: Request, page: Page, template: str, values: Callable[[], Mapping[str, object]]) -> HTMLResponse:
    """The frame of `page`; for htmx, which asks for the same address, `template` with `values`, or why there are none.

    An error is an answer 200 here, because htmx shows no other.
    """
    if "hx-request" not in request.headers:
        return render(request, "catalog/frame.html", page=page)
    try:
        found = values()
    except ApiError as error:
        return render(request, "catalog/problem.html", page=page, message=error.message)
    return render(request, template, 200, page=page, **found)
