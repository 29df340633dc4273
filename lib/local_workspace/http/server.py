"""The workspace's HTTP server: one app, one token, one route file per service."""

import base64
import binascii
import hashlib
import secrets
import uuid
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_workspace.http import errors
from local_workspace.http.served_models import ServedModelMiddleware
from local_workspace.runtime import principals

OPENAPI_PATH = "/api/local/openapi.json"
SIGNED_LINKS = "/sql-results/"  # of statements' results: the routes check the signature that is in the address
OPEN_PATHS = {"/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server", "/oidc/v1/token"}


class TokenMiddleware:
    """Lets a request through if it has the token: as Bearer, or as the password of HTTP Basic.

    An OAuth access token that is not for an app alone is accepted as well. `request.state.principal` names the service
    principal, None for the user.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] != "http" or _is_open(scope["path"]) or self._allowed(scope):
            await self.app(scope, receive, send)
        else:
            await _refusal()(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        presented = presented_token(header)
        access = principals.access(self.token, presented)
        if access and access.audience:
            return False
        scope.setdefault("state", {})["principal"] = access and access.holder
        return access is not None or secrets.compare_digest(presented.encode(), self.token.encode())


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(SIGNED_LINKS)


class AnswerHeadersMiddleware:
    """Gives every answer the workspace's id and an id of its own, as Databricks does.

    The SDK's `get_workspace_id` and the CLI's `bundle summary` read the first.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.workspace_id = app, str(workspace_id(token))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Databricks-Org-Id"] = self.workspace_id
                headers["X-Request-Id"] = str(uuid.uuid4())
            await send(message)

        await self.app(scope, receive, send_with_headers)


def workspace_id(token: str) -> int:
    """A positive number of up to 15 digits that stays the same for a home, whose token does."""
    return 1 + int.from_bytes(hashlib.sha256(token.encode()).digest()[:6]) % 10**15


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


def create_app(engines: object, token: str, routers: Iterable[APIRouter]) -> FastAPI:
    """The API app over `engines`; every route of `routers` requires `token`."""
    app = FastAPI(
        title="Local workspace",
        description="The part of the Databricks REST API that a local workspace answers.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI_PATH,
        responses=errors.DOCUMENTED,
    )
    app.state.engines, app.state.token = engines, token
    app.add_middleware(ServedModelMiddleware)
    app.add_middleware(TokenMiddleware, token=token)
    app.add_middleware(AnswerHeadersMiddleware, token=token)
    errors.install(app)
    for router in routers:
        app.include_router(router)
    return app


def _refusal() -> JSONResponse:
    message = "Wrong or missing token. A running workspace's token is DATABRICKS_TOKEN in its home's connection.json."
    return errors.error_response(401, "UNAUTHENTICATED", message, {"WWW-Authenticate": 'Basic realm="local workspace"'})
