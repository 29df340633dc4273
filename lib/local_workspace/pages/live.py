"""Pages of which a part renews itself while something runs."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.rendering import render


def whole_or_part(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """The page `template` of jobs, or for htmx its live part alone, which has the same name in `live/`."""
    folder = "jobs/live" if "hx-request" in request.headers else "jobs"
    query = f"?{request.url.query}" if request.url.query else ""
    answer = render(request, f"{folder}/{template}.html", code, here=request.url.path + query, **values)
    answer.headers["Vary"] = "HX-Request"
    return answer
