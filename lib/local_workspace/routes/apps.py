"""Databricks Apps: apps and their deployments."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.apps import AppsEngine
from local_workspace.http.bodies import Name
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import app_bodies as bodies

router = APIRouter(dependencies=[REFUSE_UNKNOWN])

Pages = Annotated[Page, Depends(by_page_size)]
Json = dict[str, Any]
_API = "/api/2.0/apps"


@router.post(_API)
def create(request: Request, body: bodies.App, no_compute: bool = False) -> Json:
    """Create an app."""
    return _engine(request).create(body.sent(), compute=not no_compute)


@router.get(_API)
def list_all(request: Request, page: Pages) -> Mapping[str, object]:
    """All apps."""
    return page.of("apps", _engine(request).list_apps())


@router.get(_API + "/{name}")
def get(request: Request, name: Name) -> Json:
    """One app."""
    return _engine(request).get(name)


@router.patch(_API + "/{name}")
def update(request: Request, name: Name, body: bodies.App) -> Json:
    """Replace an app's description and resources."""
    return _engine(request).update(name, body.sent())


@router.delete(_API + "/{name}")
def delete(request: Request, name: Name) -> Json:
    """Remove an app."""
    return _engine(request).delete(name)


@router.post(_API + "/{name}/start")
def start(request: Request, name: Name) -> Json:
    """Start an app."""
    return _engine(request).start_app(name)


@router.post(_API + "/{name}/stop")
def stop(request: Request, name: Name) -> Json:
    """Stop an app."""
    return _engine(request).stop_app(name)


@router.post(_API + "/{name}/deployments")
def deploy(request: Request, name: Name, body: bodies.Deployment) -> Json:
    """Deploy a workspace folder."""
    return _engine(request).deploy(name, body.sent())


@router.get(_API + "/{name}/deployments")
def list_deployments(request: Request, name: Name, page: Pages) -> Mapping[str, object]:
    """An app's deployments."""
    return page.of("app_deployments", _engine(request).list_deployments(name))


@router.get(_API + "/{name}/deployments/{deployment_id}")
def get_deployment(request: Request, name: Name, deployment_id: Name) -> Json:
    """One deployment."""
    return _engine(request).get_deployment(name, deployment_id)


def _engine(request: Request) -> AppsEngine:
    engine: AppsEngine = request.app.state.engines.apps
    return engine
