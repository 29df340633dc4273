"""What an app's resources give its service principal: permissions, and privileges in Unity Catalog.

Sources: https://docs.databricks.com/aws/en/dev-tools/databricks-apps/resources, and for what is granted above a thing
https://docs.databricks.com/aws/en/dev-tools/databricks-apps/tables. Those on apps and on Lakebase are the engine's.
"""

from collections.abc import Iterator, Sequence

from fastapi import Request

from local_workspace.engines.catalog import Change
from local_workspace.engines.catalog.grants import GrantsEngine
from local_workspace.engines.catalog.privileges import ancestors
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.secrets.acls import MANAGE, READ
from local_workspace.routes.app_bodies import Resource, Securable
from local_workspace.routes.object_access import ENDPOINTS, JOBS, WAREHOUSES, check_manages
from local_workspace.runtime.permissions import of_principal
from local_workspace.runtime.principals import service_principal

_ABOVE = {"catalog": "USE_CATALOG", "schema": "USE_SCHEMA"}


def check(request: Request, resources: Sequence[Resource] | None) -> None:
    """Raise ApiError 404 for a resource that isn't there, 403 for one that the caller does not manage."""
    for resource in resources or []:
        for kind, object_id, _ in _objects(request, resource):
            _permissions(request).levels(kind, object_id)
            check_manages(request, kind, object_id)
        if (thing := resource.uc_securable) and thing.permission:
            _grants(request).get(_kind(thing), thing.securable_full_name)
        if secret := resource.secret:
            _secrets(request).check(secret.scope, request.state.principal, MANAGE)


def grant(request: Request, app: str, resources: Sequence[Resource] | None) -> None:
    """Give the app what its resources say. Raises as `check` does, and 400 for a privilege that does not apply."""
    me = service_principal(app)
    for resource in resources or []:
        for kind, object_id, level in _objects(request, resource):
            _permissions(request).add(kind, object_id, [of_principal(me, level)])
        if (thing := resource.uc_securable) and thing.permission:
            _grants(request).update(_kind(thing), thing.securable_full_name, [Change(me, [thing.permission])])
            for above, name in ancestors(thing.securable_full_name):
                _grants(request).update(above, name, [Change(me, [_ABOVE[above]])])
        if secret := resource.secret:
            _secrets(request).acls.put(secret.scope, me, secret.permission or READ)


def _objects(request: Request, resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The things with permissions that a resource names: kind, id, and the app's level. Raises ApiError 404."""
    if (experiment := resource.experiment) and experiment.permission:
        yield "experiments", experiment.experiment_id, experiment.permission
    if (warehouse := resource.sql_warehouse) and warehouse.permission:
        yield WAREHOUSES, warehouse.id, warehouse.permission
    if (job := resource.job) and job.permission:
        yield JOBS, job.id, job.permission
    if (endpoint := resource.serving_endpoint) and endpoint.permission:
        yield ENDPOINTS, request.app.state.engines.serving.get(endpoint.name)["id"], endpoint.permission


def _permissions(request: Request) -> PermissionsEngine:
    engine: PermissionsEngine = request.app.state.engines.permissions
    return engine


def _grants(request: Request) -> GrantsEngine:
    engine: GrantsEngine = request.app.state.engines.unity.grants
    return engine


def _secrets(request: Request) -> SecretsEngine:
    engine: SecretsEngine = request.app.state.engines.secrets
    return engine


def _kind(thing: Securable) -> str:
    return (thing.securable_type or "").lower()
