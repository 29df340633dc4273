"""Pages of which a part renews itself while something runs."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.rendering import render


def whole_or_part(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """The page `template`, such as jobs/run, or for htmx its live part alone, which is jobs/live/run.

    Templates know `here`, the page's address, from which the part renews itself.
    """
    folder, name = template.split("/")
    part = f"{folder}/live/{name}.html" if "hx-request" in request.headers else f"{template}.html"
    query = f"?{request.url.query}" if request.url.query else ""
    answer = render(request, part, code, here=request.url.path + query, **values)
    answer.headers["Vary"] = "HX-Request"
    return answer
