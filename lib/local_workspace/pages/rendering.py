"""Renders the templates, and gives each page the headers that keep it safe."""

import base64
import hashlib
import json
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from local_workspace.pages import formats, navigation, states
from local_workspace.runtime import browser_modules

HERE = Path(__file__).parent
_IMPORT_MAP = json.dumps({"imports": browser_modules.IMPORTS})
_IMPORT_HASH = base64.b64encode(hashlib.sha256(_IMPORT_MAP.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' 'sha256-{_IMPORT_HASH}'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "moment": formats.moment,
    "iso": formats.milliseconds,
    "ago": formats.ago,
    "duration": formats.duration,
    "seconds": formats.seconds,
    "bytes": formats.size,
    "count": formats.number,
    "breakable": formats.breakable,
    "state_kind": states.kind,
    "state_word": states.word,
    "segment": lambda value: quote(str(value), safe=""),  # one segment of a path
}
_environment.globals |= {
    "groups": navigation.GROUPS,
    "import_map": Markup(_IMPORT_MAP),  # JSON of our own addresses only
    "htmx": browser_modules.IMPORTS["htmx.org"],
}


def render(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """The answer with `template`, a whole page or a part of one; every value is escaped.

    Templates know `path`, the page's, `section`, its entry in the side bar, `user`, who calls, and
    `owner`, the workspace's own user, besides `values`.
    """
    path = request.url.path
    shared = {
        "path": path,
        "section": navigation.current(path),
        "user": getattr(request.state, "caller", ""),
        "owner": getattr(request.app.state.engines, "user", ""),
    }
    text = _environment.get_template(template).render(shared | values)
    return HTMLResponse(text, code, HEADERS)


def seen(path: str) -> RedirectResponse:
    """The answer to a form that has done its work: the browser gets the page at `path`."""
    return RedirectResponse(path, 303)
