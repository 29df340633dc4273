"""Model serving: endpoints, and questions to them in Databricks' and in OpenAI's form."""

import json
from typing import Annotated
from weakref import WeakKeyDictionary

import httpx
from fastapi import APIRouter, Body, Request

from local_workspace.engines.serving import Lease, ServingEngine
from local_workspace.errors import invalid, not_found
from local_workspace.external_model import ask, external_client
from local_workspace.proxy import Relay, send, socket_client

router = APIRouter()

Json = Annotated[dict, Body()]
_API = "/api/2.0/serving-endpoints"
_OPERATIONS = {"llm/v1/chat": "chat/completions", "llm/v1/completions": "completions",
               "llm/v1/embeddings": "embeddings"}


@router.post(_API)
def create(request: Request, body: Json) -> dict:
    """Create an endpoint."""
    if not body.get("name"):
        raise invalid("name: an endpoint needs a name.")
    return _engine(request).create(body["name"], body.get("config") or {}, body.get("tags"),
                                   body.get("description") or "")


@router.get(_API)
def list_all(request: Request) -> dict:
    """All endpoints."""
    return {"endpoints": _engine(request).list()}


@router.get(_API + "/{name}")
def get(request: Request, name: str) -> dict:
    """One endpoint."""
    return _engine(request).get(name)


@router.put(_API + "/{name}/config")
def update_config(request: Request, name: str, body: Json) -> dict:
    """Serve something else."""
    return _engine(request).update(name, body)


@router.delete(_API + "/{name}")
def delete(request: Request, name: str) -> dict:
    """Remove an endpoint."""
    _engine(request).delete(name)
    return {}


@router.get(_API + "/{name}/served-models/{served_entity}/logs")
def logs(request: Request, name: str, served_entity: str) -> dict:
    """The end of a model process's log."""
    return {"logs": _engine(request).logs(name, served_entity)}


@router.post("/serving-endpoints/{name}/invocations")
async def invocations(request: Request, name: str) -> Relay:
    """Ask an endpoint, whatever it serves."""
    return await _ask(request, name, "invocations")


@router.post("/serving-endpoints/{operation:path}")
async def openai_style(request: Request, operation: str) -> Relay:
    """Ask as OpenAI's client does: `model` is the endpoint's name."""
    if operation not in ("chat/completions", "completions", "embeddings", "responses"):
        raise not_found(f"There is no operation {operation} on serving endpoints.")
    name = _read(await request.body()).get("model")
    if not isinstance(name, str) or not name:
        raise invalid("model: give the name of a serving endpoint.")
    return await _ask(request, name, operation)


async def _ask(request: Request, name: str, operation: str) -> Relay:
    content = await request.body()
    lease = _engine(request).lease(name)
    try:
        relay = await (_ask_external if lease.replica.external else _ask_process)(request, lease, operation, content)
    except BaseException:
        lease.release()
        raise
    relay.on_close(lease.release)
    relay.headers["served-model-name"] = lease.replica.entity["name"]
    return relay


async def _ask_process(request: Request, lease: Lease, operation: str, content: bytes) -> Relay:
    client = _process_client(request, lease)
    outgoing = client.build_request("POST", f"/{operation}", content=content,
                                    headers={"Content-Type": "application/json"})
    return await send(client, outgoing, f"The model server of {lease.replica.entity['name']}")


async def _ask_external(request: Request, lease: Lease, operation: str, content: bytes) -> Relay:
    target, body = lease.replica.external, _read(content)
    if operation == "invocations":
        operation = _OPERATIONS[target.task]
    # The SDK's `query` adds some of Databricks' own; its extra_params are a part of the request itself.
    body = {key: value for key, value in body.items() if key not in ("client_request_id", "usage_context")}
    body |= body.pop("extra_params", {})
    return Relay(await ask(_external_client(request), target, operation, body))


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
