"""The permissions of apps: who may use and who may manage one."""

from typing import Any

from fastapi import APIRouter, Request

from local_workspace.engines.apps.permissions import CAN_MANAGE, LEVELS, Grant, shown
from local_workspace.http.bodies import Name
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.app_bodies import Permissions
from local_workspace.routes.apps import engine

router = APIRouter(dependencies=[REFUSE_UNKNOWN])

Json = dict[str, Any]
_API = "/api/2.0/permissions/apps/{name}"


@router.get(_API)
def get(request: Request, name: Name) -> Json:
    """All permissions on an app."""
    return shown(name, engine(request, name, CAN_MANAGE).permissions.of(name))


@router.put(_API)
def replace(request: Request, name: Name, body: Permissions) -> Json:
    """Replace all permissions on an app."""
    engine(request, name, CAN_MANAGE).permissions.replace(name, _grants(body))
    return get(request, name)


@router.patch(_API)
def add(request: Request, name: Name, body: Permissions) -> Json:
    """Add permissions on an app, each in place of what its user, group or service principal had."""
    engine(request, name, CAN_MANAGE).permissions.add(name, _grants(body))
    return get(request, name)


@router.get(_API + "/permissionLevels")
def levels(request: Request, name: Name) -> Json:
    """The levels that there are."""
    engine(request, name, CAN_MANAGE)
    return {"permission_levels": [{"permission_level": level, "description": text} for level, text in LEVELS.items()]}


def _grants(body: Permissions) -> list[Grant]:
    return [
        {"kind": kind, "name": value, "level": entry.permission_level}
        for entry in body.access_control_list
        for kind, value in entry.model_dump(exclude={"permission_level"}, exclude_none=True).items()
    ]
