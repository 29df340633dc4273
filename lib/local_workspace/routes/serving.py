"""Model serving: endpoints, and their AI Gateway."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from local_workspace.engines.serving import Limits, ServingEngine
from local_workspace.routes import invocations
from local_workspace.runtime.errors import invalid

router = APIRouter()
router.include_router(invocations.router)

Json = Annotated[dict, Body()]
_API = "/api/2.0/serving-endpoints"
_LOCAL = "/api/local/serving-endpoints"  # what Databricks doesn't have


@router.post(_API)
def create(request: Request, body: Json) -> dict:
    """Create an endpoint."""
    if not body.get("name"):
        raise invalid("name: an endpoint needs a name.")
    return _engine(request).create(
        body["name"], body.get("config") or {}, body.get("tags"), body.get("description") or "", body.get("ai_gateway")
    )


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


@router.put(_API + "/{name}/ai-gateway")
def put_ai_gateway(request: Request, name: str, body: Json) -> dict:
    """Set the rate limit of an external model."""
    return _engine(request).configure(name, body)


@router.get(_LOCAL + "/{name}/usage")
def usage(request: Request, name: str) -> dict:
    """The limits of an endpoint that asks a server elsewhere, and what it has used of its budget."""
    return _engine(request).usage(name)


@router.put(_LOCAL + "/{name}/limits")
def put_limits(request: Request, name: str, limits: Limits) -> dict:
    """Set the time-out and the budget of an endpoint, which may be made afterwards."""
    gateway = _engine(request).gateway(name)
    gateway.limit(limits)
    return gateway.describe()


@router.delete(_API + "/{name}")
def delete(request: Request, name: str) -> dict:
    """Remove an endpoint."""
    _engine(request).delete(name)
    return {}


@router.get(_API + "/{name}/served-models/{served_entity}/logs")
def logs(request: Request, name: str, served_entity: str) -> dict:
    """The end of a model process's log."""
    return {"logs": _engine(request).logs(name, served_entity)}


def _engine(request: Request) -> ServingEngine:
    return request.app.state.engines.serving
