"""The gateway's ASGI application: it checks a request, signs the caller in, and passes it on."""

from http import HTTPStatus

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from local_workspace.http.errors import error_response
from local_workspace.http.gateway.callers import Caller, SignIn
from local_workspace.http.gateway.forwarding import forwarded
from local_workspace.http.gateway.upstream import Upstream
from local_workspace.http.sites import check_site
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.gateway import AppBehind


class Gateway:
    """The gateway of one app in the workspace with this token and user."""

    def __init__(self, app: AppBehind, token: str, user: str) -> None:
        self._app, self._token, self._user = app, token, user
        self._upstream = Upstream(f"The app {app.name}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the app says, or with 400, 401, 403, 404 or 503."""
        if scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            answer: Response = await self._upstream.request(self._app.address(), request, self._headers(request))
        except ApiError as error:
            answer = _refusal(request, error)
        await answer(scope, receive, send)

    async def _websocket(self, socket: WebSocket) -> None:
        try:
            headers = self._headers(socket)
            await self._upstream.websocket(self._app.address(), socket, headers)
        except ApiError as error:
            await socket.send_denial_response(_refusal(socket, error))

    def _headers(self, connection: HTTPConnection) -> dict[str, str]:
        """The headers for the app, once the request has been checked. Raises ApiError."""
        check_site(connection)
        caller = SignIn(self._token, self._user, self._app.audience()).caller(connection)
        self._admit(caller)
        gets_token = self._app.gets_tokens()
        return forwarded(
            connection, caller, principals.access_token(self._token, caller.principal) if gets_token else None
        )

    def _admit(self, caller: Caller) -> None:
        if caller.principal and not self._app.may_use(caller.principal):
            raise ApiError(
                403,
                "PERMISSION_DENIED",
                f"{caller.principal} may not use the app {self._app.name}; give it CAN_USE on the app.",
            )


def _refusal(connection: HTTPConnection, error: ApiError) -> Response:
    """An error for whoever asked: JSON for a program, a line of text for a browser, which then asks for a password."""
    headers = {"WWW-Authenticate": 'Basic realm="local workspace"'} if error.status == 401 else None
    if "text/html" in connection.headers.get("accept", ""):
        title = HTTPStatus(error.status).phrase
        return PlainTextResponse(f"{error.status} {title}: {error.message}", error.status, headers)
    return error_response(error.status, error.error_code, error.message, headers)
