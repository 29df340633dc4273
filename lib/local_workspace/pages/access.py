"""Signing in with a browser: a one-time code, which a program gets with the token, becomes a session's cookie."""

import shlex
import sys
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from local_workspace.http.gateway.app import CALLBACK
from local_workspace.http.sessions import Sessions
from local_workspace.http.sites import local_path
from local_workspace.pages.engines import Apps
from local_workspace.pages.rendering import HEADERS, render, seen
from local_workspace.runtime.home import Home

router = APIRouter(include_in_schema=False)

# The form may lead on to an app, at a port of its own: browsers check where a form is redirected to as well.
_POLICY = HEADERS["Content-Security-Policy"].replace(
    "form-action 'self'", "form-action 'self' http://127.0.0.1:* http://localhost:*"
)


@router.get("/login")
def login(request: Request, code: str = "", next: str = "/") -> Response:
    """Sign in with `code` and go to the page `next`; without a code, what to do to get one."""
    target = local_path(next)
    session = _sessions(request).redeem(code) if code else None
    if session is None:
        return seen(target) if not code and _signed_in(request) else _page(request, target, refused=bool(code))
    answer = seen(target)
    # No `secure`: the workspace has no TLS, and is on the loopback interface only.
    answer.set_cookie(request.app.state.cookie, session, httponly=True, samesite="strict", path="/")
    return answer


@router.get("/login/app")
def login_to_app(request: Request, apps: Apps, name: str, next: str = "/") -> RedirectResponse:
    """Sign a browser that has signed in here in to the app `name` too, and go to its page `next`."""
    address = urlsplit(apps.get(name)["url"])
    session = request.cookies.get(request.app.state.cookie, "")
    parent = session if _sessions(request).find(session) else None
    code = _sessions(request).new_code(name, parent, request.state.holder)
    query = urlencode({"code": code, "next": local_path(next)})
    return seen(f"http://{request.url.hostname}:{address.port}{CALLBACK}?{query}")


@router.post("/logout")
def logout(request: Request) -> RedirectResponse:
    """End the browser's session."""
    _sessions(request).end(request.cookies.get(request.app.state.cookie, ""))
    answer = seen("/login")
    answer.delete_cookie(request.app.state.cookie, path="/", httponly=True, samesite="strict")
    return answer


def sign_in_page(request: Request) -> Response:
    """The answer (401) to a browser without a session that asks for a page.

    A browser leaves out the cookie where a page of another site has the link, such as a notebook in Jupyter. Then the
    same page is loaded once more, now from this site.
    """
    if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
        return render(request, "again.html")
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer = _page(request, local_path(where), refused=False)
    if "hx-request" in request.headers:  # a part of a page whose session has ended: load the page, which says so
        answer.headers["HX-Refresh"] = "true"
    return answer


def _page(request: Request, target: str, refused: bool) -> HTMLResponse:
    home: Home | None = getattr(request.app.state.engines, "home", None)
    command = [sys.executable, "-m", "local_workspace", "open", *(["--home", str(home.root)] if home else [])]
    answer = render(request, "login.html", 401, target=target, refused=refused, command=shlex.join(command))
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _signed_in(request: Request) -> bool:
    return _sessions(request).find(request.cookies.get(request.app.state.cookie, "")) is not None


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions
