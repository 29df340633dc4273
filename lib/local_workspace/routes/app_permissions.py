"""The permissions of apps: who may use and who may manage one."""

from typing import Any

from fastapi import APIRouter, Request

from local_workspace.http.bodies import Name
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.app_bodies import Permissions
from local_workspace.routes.apps import engine
from local_workspace.runtime.permissions import APPS, CAN_MANAGE, LEVELS, shown

router = APIRouter(dependencies=[REFUSE_UNKNOWN])

Json = dict[str, Any]
_API = "/api/2.0/permissions/apps/{name}"


@router.get(_API)
def get(request: Request, name: Name) -> Json:
    """All permissions on an app."""
    return shown(APPS, name, engine(request, name, CAN_MANAGE).permissions.of(name))


@router.put(_API)
def replace(request: Request, name: Name, body: Permissions) -> Json:
    """Replace all permissions on an app."""
    engine(request, name, CAN_MANAGE).permissions.replace(name, body.grants(request.app.state.directory))
    return get(request, name)


@router.patch(_API)
def add(request: Request, name: Name, body: Permissions) -> Json:
    """Add permissions on an app, each in place of what its user, group or service principal had."""
    engine(request, name, CAN_MANAGE).permissions.add(name, body.grants(request.app.state.directory))
    return get(request, name)


@router.get(_API + "/permissionLevels")
def levels(request: Request, name: Name) -> Json:
    """The levels that there are."""
    engine(request, name, CAN_MANAGE)
    return {
        "permission_levels": [{"permission_level": level, "description": text} for level, text in LEVELS[APPS].items()]
    }
