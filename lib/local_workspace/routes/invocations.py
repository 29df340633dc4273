"""Questions to serving endpoints, in Databricks' and in OpenAI's form."""

import json
from weakref import WeakKeyDictionary

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from local_workspace.engines.serving import Lease, Refusal, ServingEngine
from local_workspace.engines.serving.external_model import ask, external_client
from local_workspace.engines.serving.external_stream import asking_for_usage, metered
from local_workspace.http.proxy import Relay, send, socket_client
from local_workspace.runtime.errors import ApiError, invalid, not_found
from local_workspace.runtime.openai_errors import error_body

router = APIRouter(prefix="/serving-endpoints")

_OPERATIONS = {
    "llm/v1/chat": "chat/completions",
    "llm/v1/completions": "completions",
    "llm/v1/embeddings": "embeddings",
}


@router.post("/{name}/invocations")
async def invocations(request: Request, name: str) -> Relay:
    """Ask an endpoint, whatever it serves."""
    return await _ask(request, name, "invocations")


@router.post("/{operation:path}", response_model=None)
async def openai_style(request: Request, operation: str) -> Response:
    """Ask as OpenAI's client does: `model` is the endpoint's name, and errors have OpenAI's form too."""
    try:
        if operation not in ("chat/completions", "completions", "embeddings", "responses"):
            raise not_found(f"There is no operation {operation} on serving endpoints.")
        name = _read(await request.body()).get("model")
        if not isinstance(name, str) or not name:
            raise invalid("model: give the name of a serving endpoint.")
        return await _ask(request, name, operation)
    except ApiError as error:
        return _openai_error(error)


def _openai_error(error: ApiError) -> JSONResponse:
    body = error_body(error.status, error.error_code, error.message, **getattr(error, "details", {}))
    # An endpoint has asked as often as it makes sense; OpenAI's client would try again and again.
    return JSONResponse(body, error.status, {"x-should-retry": "false"} if isinstance(error, Refusal) else None)


async def _ask(request: Request, name: str, operation: str) -> Relay:
    content = await request.body()
    lease = _engine(request).lease(name)
    try:
        if lease.replica.external:
            relay = await _ask_external(request, lease, name, operation, content)
        else:
            relay = await _ask_process(request, lease, operation, content)
    except BaseException:
        lease.release()
        raise
    relay.on_close(lease.release)
    relay.headers["served-model-name"] = lease.replica.entity["name"]
    return relay


async def _ask_process(request: Request, lease: Lease, operation: str, content: bytes) -> Relay:
    client = _process_client(request, lease)
    outgoing = client.build_request(
        "POST", f"/{operation}", content=content, headers={"Content-Type": "application/json"}
    )
    return await send(client, outgoing, f"The model server of {lease.replica.entity['name']}")


async def _ask_external(request: Request, lease: Lease, name: str, operation: str, content: bytes) -> Relay:
    target, gateway, body = lease.replica.external, _engine(request).gateway(name), _read(content)
    if operation == "invocations":
        operation = _OPERATIONS[target.task]
    # The SDK's `query` adds some of Databricks' own; its extra_params are a part of the request itself.
    body = {key: value for key, value in body.items() if key not in ("client_request_id", "usage_context")}
    body |= body.pop("extra_params", {})
    answer = await ask(_external_client(request), target, gateway, operation, asking_for_usage(body))
    return Relay(answer, metered(answer, gateway, body))


def _read(content: bytes) -> dict:
    try:
        body = json.loads(content)
    except ValueError as error:
        raise invalid(f"The request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise invalid("The request must be a JSON object.")
    return body


def _engine(request: Request) -> ServingEngine:
    return request.app.state.engines.serving


def _process_client(request: Request, lease: Lease) -> httpx.AsyncClient:
    """One client a process, forgotten with it."""
    state = request.app.state
    if not hasattr(state, "model_clients"):
        state.model_clients = WeakKeyDictionary()
    if lease.replica not in state.model_clients:
        state.model_clients[lease.replica] = socket_client(lease.replica.socket)
    return state.model_clients[lease.replica]


def _external_client(request: Request) -> httpx.AsyncClient:
    state = request.app.state
    if not hasattr(state, "external_client"):
        state.external_client = external_client()
    return state.external_client
