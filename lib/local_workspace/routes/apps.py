"""Databricks Apps: apps and their deployments."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from local_workspace.engines.apps import AppsEngine

router = APIRouter()

Json = Annotated[dict, Body()]
_API = "/api/2.0/apps"


@router.post(_API)
def create(request: Request, body: Json, no_compute: bool = False) -> dict:
    """Create an app."""
    return _engine(request).create(body, compute=not no_compute)


@router.get(_API)
def list_all(request: Request) -> dict:
    """All apps."""
    return {"apps": _engine(request).list_apps()}


@router.get(_API + "/{name}")
def get(request: Request, name: str) -> dict:
    """One app."""
    return _engine(request).get(name)


@router.patch(_API + "/{name}")
def update(request: Request, name: str, body: Json) -> dict:
    """Replace an app's description and resources."""
    return _engine(request).update(name, body)


@router.delete(_API + "/{name}")
def delete(request: Request, name: str) -> dict:
    """Remove an app."""
    return _engine(request).delete(name)


@router.post(_API + "/{name}/start")
def start(request: Request, name: str) -> dict:
    """Start an app."""
    return _engine(request).start_app(name)


@router.post(_API + "/{name}/stop")
def stop(request: Request, name: str) -> dict:
    """Stop an app."""
    return _engine(request).stop_app(name)


@router.post(_API + "/{name}/deployments")
def deploy(request: Request, name: str, body: Json) -> dict:
    """Deploy a workspace folder."""
    return _engine(request).deploy(name, body)


@router.get(_API + "/{name}/deployments")
def list_deployments(request: Request, name: str) -> dict:
    """An app's deployments."""
    return {"app_deployments": _engine(request).list_deployments(name)}


@router.get(_API + "/{name}/deployments/{deployment_id}")
def get_deployment(request: Request, name: str, deployment_id: str) -> dict:
    """One deployment."""
    return _engine(request).get_deployment(name, deployment_id)


def _engine(request: Request) -> AppsEngine:
    return request.app.state.engines.apps
