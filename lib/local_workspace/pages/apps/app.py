"""The page of an app."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from local_workspace.http.bodies import Name
from local_workspace.pages.apps.views import app_of, deployments_of
from local_workspace.pages.engines import Apps
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import seen
from local_workspace.runtime.permissions import CAN_MANAGE, CAN_USE

router = APIRouter()

_LINES = 200
_DEPLOYMENTS = 20


@router.get("/apps/{name}")
def app(request: Request, engine: Apps, name: Name) -> HTMLResponse:
    """An app with its deployments and its log."""
    engine.check(request.state.principal, name, CAN_USE)
    doc = engine.get(name)
    deployments = deployments_of(engine.list_deployments(name), doc)[:_DEPLOYMENTS]
    principal = request.state.principal
    manages = principal is None or engine.permissions.may(principal, name, CAN_MANAGE)
    log = "\n".join(engine.logs(name).splitlines()[-_LINES:]) if manages else ""
    return whole_or_part(request, "apps/app", app=app_of(doc), deployments=deployments, log=log)


def _check(request: Request, engine: Apps, name: Name) -> None:
    """Raise ApiError 403 unless the caller may manage the app."""
    engine.check(request.state.principal, name, CAN_MANAGE)


_MANAGES = Depends(_check)


@router.post("/apps/{name}/start", dependencies=[_MANAGES])
def start(engine: Apps, name: Name) -> Response:
    """Start an app."""
    engine.start_app(name)
    return seen(f"/apps/{name}")


@router.post("/apps/{name}/stop", dependencies=[_MANAGES])
def stop(engine: Apps, name: Name) -> Response:
    """Stop an app."""
    engine.stop_app(name)
    return seen(f"/apps/{name}")


@router.post("/apps/{name}/deploy", dependencies=[_MANAGES])
def deploy(request: Request, engine: Apps, name: Name) -> Response:
    """Deploy what was deployed last once more, as it is now."""
    engine.deploy_again(name, request.state.caller)
    return seen(f"/apps/{name}")
