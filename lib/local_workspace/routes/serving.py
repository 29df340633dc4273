"""Model serving: endpoints, and their AI Gateway."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.permissions.kinds import MANAGE
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.engines.serving.documents import Usage
from local_workspace.http.bodies import Name
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import invocations, model_access
from local_workspace.routes import serving_bodies as bodies
from local_workspace.routes.object_access import ENDPOINTS, check_endpoint, give_to_maker, sees_endpoint
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.permissions import of_principal
from local_workspace.runtime.principals import of_endpoint

router = APIRouter(dependencies=[REFUSE_UNKNOWN])
router.include_router(invocations.router)

Json = dict[str, Any]
_API = "/api/2.0/serving-endpoints"
_LOCAL = "/api/local/serving-endpoints"  # what Databricks doesn't have


@router.post(_API)
def create(request: Request, body: bodies.Endpoint) -> Json:
    """Create an endpoint."""
    fields = body.sent()
    _check_use(request, body.config)
    created = _engine(request).create(
        body.name, fields.get("config", {}), fields.get("tags"), body.description or "", fields.get("ai_gateway")
    )
    give_to_maker(request, ENDPOINTS, created["id"])
    _let_trace(request, body.name)
    return created


@router.get(_API)
def list_all(request: Request) -> Json:
    """All endpoints that the caller may see."""
    found = _engine(request).list()
    return {"endpoints": [doc for doc in found if sees_endpoint(request, doc["name"], doc["id"])]}


@router.get(_API + "/{name}")
def get(request: Request, name: Name) -> Json:
    """One endpoint."""
    check_endpoint(request, name, "CAN_VIEW")
    return _engine(request).get(name)


@router.put(_API + "/{name}/config")
def update_config(request: Request, name: Name, body: bodies.Config) -> Json:
    """Serve another config."""
    check_endpoint(request, name, MANAGE)
    _check_use(request, body)
    updated = _engine(request).update(name, body.sent())
    _let_trace(request, name)
    return updated


@router.put(_API + "/{name}/ai-gateway")
def put_ai_gateway(request: Request, name: Name, body: bodies.AiGateway) -> Json:
    """Set the rate limit of an external model."""
    check_endpoint(request, name, MANAGE)
    return _engine(request).configure(name, body.sent())


@router.get(_LOCAL + "/{name}/usage")
def usage(request: Request, name: Name) -> Usage:
    """The limits of an endpoint with an external server, and what it has used of its budget."""
    check_endpoint(request, name, "CAN_VIEW")
    return _engine(request).usage(name)


@router.put(_LOCAL + "/{name}/limits")
def put_limits(request: Request, name: Name, limits: bodies.EndpointLimits) -> Usage:
    """Set the time-out and the budget of an endpoint, which may be created afterwards."""
    check_endpoint(request, name, MANAGE)
    gateway = _engine(request).gateway(name)
    gateway.limit(limits)
    return gateway.describe()


@router.delete(_API + "/{name}")
def delete(request: Request, name: Name) -> Json:
    """Remove an endpoint."""
    check_endpoint(request, name, MANAGE)
    _engine(request).delete(name)
    return {}


@router.get(_API + "/{name}/served-models/{served_entity}/logs")
def logs(request: Request, name: Name, served_entity: Name) -> Json:
    """The end of a model process's log."""
    check_endpoint(request, name, "CAN_VIEW")
    return {"logs": _engine(request).logs(name, served_entity)}


def _check_use(request: Request, config: bodies.Config | None) -> None:
    """Raise ApiError 403 if the caller may not use a model or read a secret that it wants to serve.

    Raises 404 if it isn't there. Source for secrets:
    https://docs.databricks.com/aws/en/machine-learning/model-serving/store-env-variable-model-serving
    """
    for entity in (config and config.served_entities) or []:
        if entity.entity_name:
            model_access.check(request, entity.entity_name)
        if request.state.principal:
            secrets: SecretsEngine = request.app.state.engines.secrets
            secrets.check_references(entity.model_dump_json(), request.state.principal)


def _let_trace(request: Request, name: str) -> None:
    """Let an agent's endpoint write to the experiment of its traces, as `agents.deploy` arranges it on Databricks.

    Source: https://docs.databricks.com/aws/en/mlflow3/genai/tracing/prod-tracing
    """
    experiment = _engine(request).traced_agent(name)
    if experiment is None:
        return
    permissions: PermissionsEngine = request.app.state.engines.permissions
    with suppress(ApiError):  # there is no such experiment: the endpoint's log says so at its first trace
        permissions.add("experiments", experiment, [of_principal(of_endpoint(name), "CAN_EDIT")])


def _engine(request: Request) -> ServingEngine:
    engine: ServingEngine = request.app.state.engines.serving
    return engine
