"""Requests to serving endpoints, in Databricks' and in OpenAI's format."""

import json
from typing import Any
from weakref import WeakKeyDictionary

import httpx
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError

from local_workspace.engines.serving import ExternalTarget, Lease, Refusal, ServingEngine
from local_workspace.engines.serving.external_model import ask, external_client
from local_workspace.engines.serving.external_stream import asking_for_usage, metered
from local_workspace.engines.serving.replica import Replica
from local_workspace.http.bodies import Name
from local_workspace.http.errors import described
from local_workspace.http.proxy import Relay, send, socket_client
from local_workspace.routes.object_access import check_endpoint
from local_workspace.routes.serving_bodies import ExternalRequest, ExtraParams, OpenAiRequest
from local_workspace.runtime.errors import ApiError, invalid, not_found, unavailable
from local_workspace.runtime.openai_errors import error_body

router = APIRouter(prefix="/serving-endpoints")

Json = dict[str, Any]
_JSON_OBJECT = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}}
_OPERATIONS = {
    "llm/v1/chat": "chat/completions",
    "llm/v1/completions": "completions",
    "llm/v1/embeddings": "embeddings",
}


@router.post("/{name}/invocations", openapi_extra=_JSON_OBJECT)
async def invocations(request: Request, name: Name) -> Relay:
    """Query an endpoint, whatever it serves."""
    return await ask_endpoint(request, name, "invocations", await request.body())


@router.post("/{operation:path}", response_model=None, openapi_extra=_JSON_OBJECT)
async def openai_style(request: Request, operation: Name) -> Response:
    """Query as OpenAI's client does: `model` is the endpoint's name, and errors have OpenAI's format too."""
    try:
        if operation not in ("chat/completions", "completions", "embeddings", "responses"):
            raise not_found(f"There is no operation {operation} on serving endpoints.")
        content = await request.body()
        name = _checked(OpenAiRequest, _read(content)).model
        if not name:
            raise invalid("model: give the name of a serving endpoint.")
        return await ask_endpoint(request, name, operation, content)
    except ApiError as error:
        return _openai_error(error)


def _openai_error(error: ApiError) -> JSONResponse:
    body = error_body(error.status, error.error_code, error.message, **getattr(error, "details", {}))
    # The endpoint has retried already; without this header OpenAI's client would retry as well.
    return JSONResponse(body, error.status, {"x-should-retry": "false"} if isinstance(error, Refusal) else None)


async def ask_endpoint(request: Request, name: str, operation: str, content: bytes) -> Relay:
    """The answer of endpoint `name` to `content`, for a caller who may ask it. Raises ApiError."""
    check_endpoint(request, name, "CAN_QUERY")
    lease = _engine(request).lease(name)
    try:
        if lease.replica.asleep:  # a cold start
            await run_in_threadpool(_awaken, lease.replica)
        if target := lease.replica.external:
            relay = await _ask_external(request, target, name, operation, content)
        else:
            relay = await _ask_process(request, lease, operation, content)
    except BaseException as error:
        if isinstance(error, ApiError):
            lease.status = error.status
        lease.release()
        raise
    lease.status = relay.status_code
    relay.on_close(lease.release)
    relay.headers["served-model-name"] = lease.replica.entity["name"]
    return relay


def _awaken(replica: Replica) -> None:
    try:
        replica.awaken()
    except RuntimeError as error:
        raise unavailable(str(error)) from error


async def _ask_process(request: Request, lease: Lease, operation: str, content: bytes) -> Relay:
    client = _process_client(request, lease)
    outgoing = client.build_request(
        "POST", f"/{operation}", content=content, headers={"Content-Type": "application/json"}
    )
    return await send(client, outgoing, f"The model server of {lease.replica.entity['name']}")


async def _ask_external(request: Request, target: ExternalTarget, name: str, operation: str, content: bytes) -> Relay:
    gateway, body = _engine(request).gateway(name), _sent_on(_read(content))
    if operation == "invocations":
        operation = _OPERATIONS[target.task]
    answer = await ask(_external_client(request), target, gateway, operation, asking_for_usage(body))
    return Relay(answer, metered(answer, gateway, body))


def _sent_on(body: Json) -> Json:
    """The part of `body` that is sent to an external model. Raises 400 for a field of the wrong type."""
    extra = _checked(ExtraParams, body).extra_params or {}
    # The SDK's `query` adds some of Databricks' own; its extra_params are a part of the request itself.
    own = ("client_request_id", "usage_context", "extra_params")
    body = {key: value for key, value in body.items() if key not in own} | extra
    _checked(ExternalRequest, body)
    return body


def _read(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:  # the latter for thousands of levels
        raise invalid(f"The request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise invalid("The request must be a JSON object.")
    return body


def _checked[T: BaseModel](model: type[T], body: Json) -> T:
    """`body` as `model`. Raises 400 that names the field."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid(described(dict(error.errors()[0]))) from None


def _engine(request: Request) -> ServingEngine:
    engine: ServingEngine = request.app.state.engines.serving
    return engine


def _process_client(request: Request, lease: Lease) -> httpx.AsyncClient:
    """One client per replica, dropped with it."""
    state = request.app.state
    if not hasattr(state, "model_clients"):
        state.model_clients = WeakKeyDictionary()
    if lease.replica not in state.model_clients:
        state.model_clients[lease.replica] = socket_client(lease.replica.socket)
    clients: WeakKeyDictionary[Replica, httpx.AsyncClient] = state.model_clients
    return clients[lease.replica]


def _external_client(request: Request) -> httpx.AsyncClient:
    state = request.app.state
    if not hasattr(state, "external_client"):
        state.external_client = external_client()
    client: httpx.AsyncClient = state.external_client
    return client
