"""The permissions of projects: who may use and who may manage one. They open no database: roles in Postgres do."""

from fastapi import APIRouter, Request

from local_workspace.http.bodies import Name
from local_workspace.routes.app_bodies import Permissions
from local_workspace.routes.postgres.shared import Engine, Json, Manages
from local_workspace.runtime.permissions import LEVELS, PROJECTS, shown

router = APIRouter(prefix="/api/2.0/permissions/database-projects/{project}", dependencies=[Manages])


@router.get("")
def get(engine: Engine, project: Name) -> Json:
    """All permissions on a project."""
    return shown(PROJECTS, project, engine.permissions.of(engine.project(project)["project_id"]))


@router.put("")
def replace(request: Request, engine: Engine, project: Name, body: Permissions) -> Json:
    """Replace all permissions on a project."""
    engine.permissions.replace(engine.project(project)["project_id"], body.grants(request.app.state.directory))
    return get(engine, project)


@router.patch("")
def add(request: Request, engine: Engine, project: Name, body: Permissions) -> Json:
    """Add permissions on a project, each in place of what its user, group or service principal had."""
    engine.permissions.add(engine.project(project)["project_id"], body.grants(request.app.state.directory))
    return get(engine, project)


@router.get("/permissionLevels")
def levels(engine: Engine, project: Name) -> Json:
    """The levels that can be granted."""
    engine.project(project)
    known = LEVELS[PROJECTS].items()
    return {"permission_levels": [{"permission_level": level, "description": text} for level, text in known]}
