"""Who may call the workspace: programs by its token, browsers by a session that a one-time code has begun."""

import base64
import binascii
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local_workspace.http import errors
from local_workspace.http.scopes import missing
from local_workspace.http.sessions import Sessions
from local_workspace.http.sites import check_site, is_own
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.principals import Directory

_OPEN = {"/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server", "/oidc/v1/token", "/login"}
# The routes of statements' results and traces' files check the signature in the address; the rest is nobody's secret.
_OPEN_FOLDERS = ("/sql-results/", "/static/", "/trace-files/")

SignInPage = Callable[[Request], Response]
"""Makes the answer to a browser that has not signed in."""


class AccessMiddleware:
    """Lets a request through if it has the token, as Bearer or as the password of HTTP Basic, or a session's cookie.

    An OAuth access token that is not for an app alone is accepted as well. `request.state.caller` names the user or
    service principal who calls, `request.state.holder` is how tokens name them, None for the workspace's own user, and
    `request.state.principal` is the caller whom permissions bind, None for an administrator. A request under another
    host name, or a change sent by another site's page, is refused. A cookie opens pages to any link, and the API only
    to pages of the workspace itself.
    """

    def __init__(
        self, app: ASGIApp, token: str, owner: str, directory: Directory, sessions: Sessions, cookie: str
    ) -> None:
        self.app, self._token, self._sessions, self._cookie = app, token, sessions, cookie
        self._owner, self._directory = owner, directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400, 401 or 403."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._refusal(request)
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not pass."""
        try:
            check_site(request)
        except ApiError as error:
            return errors.error_response(error.status, error.error_code, error.message)
        if _is_open(request.url.path) or self._has_token(request) or self._has_session(request):
            return _beyond_scopes(request)
        sign_in_page: SignInPage | None = getattr(request.app.state, "sign_in_page", None)
        return sign_in_page(request) if sign_in_page and wants_page(request) else _unauthenticated(request)

    def _has_token(self, request: Request) -> bool:
        presented = presented_token(request.headers.get("authorization", ""))
        access = principals.access(self._token, presented)
        if access and access.audience:
            return False
        request.state.scopes = access and access.scopes
        is_valid = access is not None or secrets.compare_digest(presented.encode(), self._token.encode())
        return is_valid and self._identify(request, access.holder if access else None)

    def _has_session(self, request: Request) -> bool:
        session = self._sessions.find(request.cookies.get(self._cookie, ""))
        if session is None or not (is_own(request) or (request.method == "GET" and wants_page(request))):
            return False
        return self._identify(request, session.holder)

    def _identify(self, request: Request, holder: str | None) -> bool:
        """Note who calls; False if `holder` is there no more."""
        name = self._directory.name_of(holder) if holder else self._owner
        if name is None:
            return False
        bound = holder is not None and not self._directory.is_admin(name)
        request.state.holder, request.state.caller, request.state.principal = holder, name, name if bound else None
        return True


def require_admin(request: Request) -> None:
    """Raise ApiError 403 unless an administrator calls."""
    if request.state.principal:
        raise ApiError(
            403, "PERMISSION_DENIED", f"Only workspace admins can do this, and {request.state.caller} is none."
        )


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, and no program for JSON."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def presented_token(header: str) -> str:
    """The token in an Authorization header; empty if there is none."""
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else basic_credentials(header)[1]


def basic_credentials(header: str) -> tuple[str, str]:
    """Name and password of HTTP Basic in an Authorization header; empty if there are none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_FOLDERS)


def _beyond_scopes(request: Request) -> Response | None:
    """The answer to a request for which its token has not the scope; the words are those of Databricks."""
    scopes: frozenset[str] | None = getattr(request.state, "scopes", None)
    needed = scopes and missing(request.method, request.url.path, scopes)
    message = f"Provided OAuth token does not have required scopes: {needed}"
    return errors.error_response(403, "PERMISSION_DENIED", message) if needed else None


def _unauthenticated(request: Request) -> JSONResponse:
    """A 401. Programs learn that they may use HTTP Basic; a browser's scripts don't, as it would ask for a password."""
    message = "Wrong or missing token. A running workspace's token is DATABRICKS_TOKEN in its home's connection.json."
    challenge = {} if "sec-fetch-mode" in request.headers else {"WWW-Authenticate": 'Basic realm="local workspace"'}
    return errors.error_response(401, "UNAUTHENTICATED", message, challenge)
