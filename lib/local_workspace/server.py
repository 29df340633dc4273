"""The workspace's HTTP face: one app, one token, a route file a service."""

import base64
import binascii
import secrets

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local_workspace.errors import ApiError

OPEN_PATHS = {"/.well-known/databricks-config"}


class TokenMiddleware:
    """Lets a request through if it carries the token: as Bearer, or as the password of HTTP Basic."""

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
        return secrets.compare_digest(presented_token(header).encode(), self.token.encode())


def presented_token(header: str) -> str:
    """The token in an Authorization header; empty if there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def create_app(engines: object, token: str, routers: list) -> FastAPI:
    """The API app over `engines`; every route of `routers` wants `token`."""
    app = FastAPI(title="Local workspace", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.engines = engines
    app.add_middleware(TokenMiddleware, token=token)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    for router in routers:
        app.include_router(router)
    return app


def _refusal() -> JSONResponse:
    message = ("Wrong or missing token. `uv run runbook.py --env` prints the token of the running workspace.")
    return _error(401, "UNAUTHENTICATED", message, {"WWW-Authenticate": 'Basic realm="local workspace"'})


def _api_error(request: Request, error: ApiError) -> JSONResponse:
    return _error(error.status, error.error_code, error.message)


def _validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    return _error(400, "INVALID_PARAMETER_VALUE", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error_code": code, "message": message}, status, headers)
