"""Databricks Apps: apps and their deployments."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.apps import AppsEngine
from local_workspace.http.bodies import Name
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import app_bodies as bodies
from local_workspace.routes import app_resources
from local_workspace.runtime.permissions import CAN_MANAGE, CAN_USE

router = APIRouter(dependencies=[REFUSE_UNKNOWN])

Pages = Annotated[Page, Depends(by_page_size)]
Json = dict[str, Any]
_API = "/api/2.0/apps"


@router.post(_API)
def create(request: Request, body: bodies.App, no_compute: bool = False) -> Json:
    """Create an app."""
    app_resources.check(request, body.resources)
    created = engine(request).create(body.sent(), not no_compute, request.state.caller)
    app_resources.grant(request, created["name"], body.resources)
    return created


@router.get(_API)
def list_all(request: Request, page: Pages) -> Mapping[str, object]:
    """All apps that the caller may use."""
    return page.of("apps", engine(request).list_apps(request.state.principal))


@router.get(_API + "/{name}")
def get(request: Request, name: Name) -> Json:
    """One app."""
    return engine(request, name, CAN_USE).get(name)


@router.patch(_API + "/{name}")
def update(request: Request, name: Name, body: bodies.App) -> Json:
    """Replace an app's settings."""
    changed = engine(request, name, CAN_MANAGE)
    app_resources.check(request, body.resources)
    updated = changed.update(name, body.sent(), by=request.state.caller)
    app_resources.grant(request, name, body.resources)
    return updated


@router.post(_API + "/{name}/update")
def create_update(request: Request, name: Name, body: bodies.Update) -> Json:
    """Replace the settings that the mask names."""
    changed = engine(request, name, CAN_MANAGE)
    app_resources.check(request, body.app.resources)
    changed.update(name, body.app.sent(), body.update_mask, request.state.caller)
    app_resources.grant(request, name, body.app.resources)
    return get_update(request, name)


@router.get(_API + "/{name}/update")
def get_update(request: Request, name: Name) -> Json:
    """The last update, which has always ended: a running app sees new settings at its next start."""
    app = engine(request, name, CAN_MANAGE).get(name)
    settings = {field: app[field] for field in ("description", "resources", "user_api_scopes", "compute_size")}
    return settings | {"status": {"state": "SUCCEEDED", "message": "App update succeeded."}}


@router.delete(_API + "/{name}")
def delete(request: Request, name: Name) -> Json:
    """Remove an app."""
    return engine(request, name, CAN_MANAGE).delete(name)


@router.post(_API + "/{name}/start")
def start(request: Request, name: Name) -> Json:
    """Start an app."""
    return engine(request, name, CAN_MANAGE).start_app(name)


@router.post(_API + "/{name}/stop")
def stop(request: Request, name: Name) -> Json:
    """Stop an app."""
    return engine(request, name, CAN_MANAGE).stop_app(name)


@router.post(_API + "/{name}/deployments")
def deploy(request: Request, name: Name, body: bodies.Deployment) -> Json:
    """Deploy a workspace folder."""
    return engine(request, name, CAN_MANAGE).deploy(name, body.sent(), request.state.caller)


@router.get(_API + "/{name}/deployments")
def list_deployments(request: Request, name: Name, page: Pages) -> Mapping[str, object]:
    """An app's deployments."""
    return page.of("app_deployments", engine(request, name, CAN_USE).list_deployments(name))


@router.get(_API + "/{name}/deployments/{deployment_id}")
def get_deployment(request: Request, name: Name, deployment_id: Name) -> Json:
    """One deployment."""
    return engine(request, name, CAN_USE).get_deployment(name, deployment_id)


def engine(request: Request, name: str | None = None, level: str = CAN_USE) -> AppsEngine:
    """The engine, for a caller with `level` on the app `name`. Raises 404, 403."""
    found: AppsEngine = request.app.state.engines.apps
    if name is not None:
        found.check(request.state.principal, name, level)
    return found
