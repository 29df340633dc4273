"""Served models reach what they name: their service principals are not the user."""

import json
from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_workspace.http.errors import error_response
from local_workspace.runtime import principals
from local_workspace.runtime.openai_errors import error_body

# Who it is, and traces: routes/mlflow_access.py asks for its permission on their experiment.
_OPEN = (
    *("/.well-known/", "/oidc/", "/api/2.0/preview/scim/v2/Me", "/version"),
    *("/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces", "/api/2.0/mlflow/experiments/get", "/v1/traces"),
    "/api/2.0/mlflow-artifacts/artifacts/",
)
_QUERIES, _ENDPOINTS = "/serving-endpoints/", "/api/2.0/serving-endpoints/"
_STATEMENTS, _WAREHOUSES = "/api/2.0/sql/statements", "/api/2.0/sql/warehouses/"
_FUNCTIONS, _TABLES = "/api/2.1/unity-catalog/functions/", "/api/2.1/unity-catalog/tables/"


class Resources(Protocol):
    """What a model names."""

    endpoints: frozenset[str]
    warehouses: frozenset[str]
    functions: frozenset[str]
    tables: frozenset[str]

    def missing(self, statement: str, catalog: str, schema: str) -> str | None:
        """What a SQL statement uses and the model does not name; None if there is nothing."""


class ServingEngine(Protocol):
    """What knows the models of endpoints."""

    def resources(self, name: str) -> Resources:
        """What the model of an endpoint names; nothing if there is no such endpoint."""


class ServedModelMiddleware:
    """Answers 403 to a served model that asks for something which its `resources=` do not name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        endpoint = principals.endpoint_of(scope.get("state", {}).get("principal") or "")
        if scope["type"] != "http" or endpoint is None:
            await self.app(scope, receive, send)
            return
        serving: ServingEngine = scope["app"].state.engines.serving
        path, body = scope["path"], b""
        if scope["method"] == "POST" and path.startswith((_QUERIES, _STATEMENTS)):
            body = await Request(scope, receive).body()
            receive = _again(body, receive)
        if wanted := _not_named(serving.resources(endpoint), scope["method"], path, _json(body)):
            as_openai = path.startswith(_QUERIES) and not path.endswith("/invocations")
            await _refusal(endpoint, wanted, as_openai)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _not_named(named: Resources, method: str, path: str, body: Mapping[str, object]) -> str | None:
    """What a request wants and `named` does not name; None if it may pass."""
    if path.startswith(_OPEN):
        return None
    if path.startswith(_QUERIES):
        name, _, operation = path.removeprefix(_QUERIES).partition("/")
        asked = name if operation == "invocations" else str(body.get("model"))
        return None if asked in named.endpoints else f"the serving endpoint {asked}"
    if method == "POST" and path == _STATEMENTS:
        return _of_statement(named, body)
    if path.startswith(_STATEMENTS):
        return None  # about a statement whose id it knows: one of its own
    for prefix, names, kind in (
        (_ENDPOINTS, named.endpoints, "serving endpoint"),
        (_WAREHOUSES, named.warehouses, "SQL warehouse"),
        (_FUNCTIONS, named.functions, "function"),
        (_TABLES, named.tables, "table"),
    ):
        if method == "GET" and path.startswith(prefix):
            asked = path.removeprefix(prefix).partition("/")[0]
            return None if asked in names or asked.lower() in names else f"the {kind} {asked}"
    return f"{method} {path}"


def _of_statement(named: Resources, body: Mapping[str, object]) -> str | None:
    if body.get("warehouse_id") not in named.warehouses:
        return f"the SQL warehouse {body.get('warehouse_id')}"
    catalog, schema = (str(body.get(key) or "") for key in ("catalog", "schema"))
    return named.missing(str(body.get("statement") or ""), catalog, schema)


def _refusal(endpoint: str, wanted: str, as_openai: bool) -> JSONResponse:
    message = (
        f"The model of endpoint {endpoint} may not use {wanted[:300]}: it is not among its resources. Log the model "
        "with it in `resources=`, and serve that version."
    )
    if as_openai:
        return JSONResponse(error_body(403, "PERMISSION_DENIED", message), 403)
    return error_response(403, "PERMISSION_DENIED", message)


def _json(body: bytes) -> Mapping[str, object]:
    """The object in a body; empty for any other, which the route will refuse."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
