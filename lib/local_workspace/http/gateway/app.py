"""The gateway's ASGI application: it checks a request, signs the caller in, and passes it on."""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from local_workspace.http.errors import error_response
from local_workspace.http.gateway.callers import Caller, SignIn, Workspace
from local_workspace.http.gateway.forwarding import forwarded
from local_workspace.http.gateway.upstream import Upstream
from local_workspace.http.sites import check_site, local_path
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.gateway import AppBehind

CALLBACK = "/.auth/callback"  # where the workspace's sign-in comes back to, as on Databricks


class Gateway:
    """The gateway of one app in a workspace."""

    def __init__(self, app: AppBehind, workspace: Workspace) -> None:
        self._app, self._workspace = app, workspace
        self._upstream = Upstream(f"The app {app.name}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the app says, or with 303, 400, 401, 403, 404 or 503."""
        if scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ApiError as error:
            answer = self._refusal(request, error)
        await answer(scope, receive, send)

    async def close(self) -> None:
        """Close the connections to the app."""
        await self._upstream.close()

    async def _answer(self, request: Request) -> Response:
        """The answer to a request. Raises ApiError."""
        if request.url.path == CALLBACK:
            check_site(request)
            return self._signed_in(request)
        return await self._upstream.request(self._app.address(), request, self._headers(request))

    def _signed_in(self, request: Request) -> Response:
        """Begin a session with the code that the workspace has given, and go to the page that was asked for."""
        target = local_path(request.query_params.get("next", "/"))
        session = self._workspace.sessions.redeem(request.query_params.get("code", ""), self._app.name)
        answer = RedirectResponse(target, 303)
        if session:  # without one the page leads to the workspace again
            answer.set_cookie(self._sign_in.cookie, session, httponly=True, samesite="strict", path="/")
        return answer

    def _refusal(self, connection: HTTPConnection, error: ApiError) -> Response:
        """An error for whoever asked: JSON for a program, a line for a browser, which is sent to sign in first."""
        if "text/html" not in connection.headers.get("accept", ""):
            challenge = {"WWW-Authenticate": 'Basic realm="local workspace"'} if error.status == 401 else None
            return error_response(error.status, error.error_code, error.message, challenge)
        if error.status == 401 and connection.scope.get("method") == "GET":
            return RedirectResponse(self._workspace_sign_in(connection), 303)
        return PlainTextResponse(f"{error.status} {HTTPStatus(error.status).phrase}: {error.message}", error.status)

    def _workspace_sign_in(self, connection: HTTPConnection) -> str:
        """Where the workspace signs a browser in to this app, under the host name that the browser uses."""
        where = connection.url.path + (f"?{connection.url.query}" if connection.url.query else "")
        query = urlencode({"name": self._app.name, "next": where})
        return f"http://{connection.url.hostname}:{self._workspace.port}/login/app?{query}"

    async def _websocket(self, socket: WebSocket) -> None:
        try:
            headers = self._headers(socket)
            await self._upstream.websocket(self._app.address(), socket, headers)
        except ApiError as error:
            await socket.send_denial_response(self._refusal(socket, error))

    def _headers(self, connection: HTTPConnection) -> dict[str, str]:
        """The headers for the app, once the request has been checked. Raises ApiError."""
        check_site(connection)
        caller = self._sign_in.caller(connection)
        self._admit(caller)
        scopes = self._app.scopes()
        token = principals.access_token(self._workspace.token, caller.holder, scopes=scopes) if scopes else None
        return forwarded(connection, caller, token)

    @property
    def _sign_in(self) -> SignIn:
        return SignIn(self._workspace, self._app.name, self._app.audience())

    def _admit(self, caller: Caller) -> None:
        if caller.principal and not self._app.may_use(caller.principal):
            raise ApiError(
                403,
                "PERMISSION_DENIED",
                f"{caller.principal} may not use the app {self._app.name}; give it CAN_USE on the app.",
            )
