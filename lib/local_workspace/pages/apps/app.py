"""The page of an app."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from local_workspace.http.bodies import Name
from local_workspace.pages.apps.views import app_of, deployments_of
from local_workspace.pages.engines import Apps
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import seen

router = APIRouter()

_LINES = 200
_DEPLOYMENTS = 20


@router.get("/apps/{name}")
def app(request: Request, engine: Apps, name: Name) -> HTMLResponse:
    """An app with its deployments and its log."""
    doc = engine.get(name)
    deployments = deployments_of(engine.list_deployments(name), doc)[:_DEPLOYMENTS]
    log = "\n".join(engine.logs(name).splitlines()[-_LINES:])
    return whole_or_part(request, "apps/app", app=app_of(doc), deployments=deployments, log=log)


@router.post("/apps/{name}/start")
def start(engine: Apps, name: Name) -> Response:
    """Start an app."""
    engine.start_app(name)
    return seen(f"/apps/{name}")


@router.post("/apps/{name}/stop")
def stop(engine: Apps, name: Name) -> Response:
    """Stop an app."""
    engine.stop_app(name)
    return seen(f"/apps/{name}")


@router.post("/apps/{name}/deploy")
def deploy(engine: Apps, name: Name) -> Response:
    """Deploy what was deployed last once more, as it is now."""
    engine.deploy_again(name)
    return seen(f"/apps/{name}")
