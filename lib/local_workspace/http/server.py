"""The workspace's HTTP face: one app, one token, a route file a service."""

import base64
import binascii
import secrets

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local_workspace.http import identities
from local_workspace.runtime.errors import ApiError

OPEN_PATHS = {"/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server", "/oidc/v1/token"}


class TokenMiddleware:
    """Lets a request through if it carries the token: as Bearer, or as the password of HTTP Basic.

    A service principal's access token is as good; `request.state.principal` tells who it is, None for the user.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._allowed(scope):
            await self.app(scope, receive, send)
        else:
            await _refusal()(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        presented = presented_token(header)
        principal = identities.holder(self.token, presented)
        scope.setdefault("state", {})["principal"] = principal
        return principal is not None or secrets.compare_digest(presented.encode(), self.token.encode())


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


def create_app(engines: object, token: str, routers: list) -> FastAPI:
    """The API app over `engines`; every route of `routers` wants `token`."""
    app = FastAPI(title="Local workspace", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.engines, app.state.token = engines, token
    app.add_middleware(TokenMiddleware, token=token)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    for router in routers:
        app.include_router(router)
    return app


def _refusal() -> JSONResponse:
    message = "Wrong or missing token. `uv run runbook.py --env` prints the token of the running workspace."
    return _error(401, "UNAUTHENTICATED", message, {"WWW-Authenticate": 'Basic realm="local workspace"'})


def _api_error(_: Request, error: ApiError) -> JSONResponse:
    return _error(error.status, error.error_code, error.message)


def _validation_error(_: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    return _error(400, "INVALID_PARAMETER_VALUE", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error_code": code, "message": message}, status, headers)
