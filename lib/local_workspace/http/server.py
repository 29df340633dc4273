"""The workspace's HTTP server: one app, one token, one route file per service."""

import hashlib
import uuid
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_workspace.http import cookies, errors
from local_workspace.http.access import AccessMiddleware
from local_workspace.http.authorizations import Authorizations
from local_workspace.http.json_bodies import JsonBodyMiddleware
from local_workspace.http.served_models import ServedModelMiddleware
from local_workspace.http.sessions import Sessions
from local_workspace.runtime import principals

OPENAPI_PATH = "/api/local/openapi.json"


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


def create_app(engines: object, token: str, routers: Iterable[APIRouter], sessions: Sessions | None = None) -> FastAPI:
    """The API app over `engines`; every route of `routers` requires `token`, or a browser's session.

    `sessions` are those that it shares with the gateways of apps, its own if there are none. Its people are those of
    the engine `identity`.
    """
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
    sessions, cookie = sessions or Sessions(), cookies.of_workspace(workspace_id(token))
    app.state.sessions, app.state.cookie = sessions, cookie
    owner, directory = getattr(engines, "user", ""), getattr(engines, "identity", principals.UNLISTED)
    app.state.directory, app.state.authorizations = directory, Authorizations()
    app.add_middleware(ServedModelMiddleware)
    app.add_middleware(
        AccessMiddleware, token=token, owner=owner, directory=directory, sessions=sessions, cookie=cookie
    )
    app.add_middleware(JsonBodyMiddleware)
    app.add_middleware(AnswerHeadersMiddleware, token=token)
    errors.install(app)
    for router in routers:
        app.include_router(router)
    return app
