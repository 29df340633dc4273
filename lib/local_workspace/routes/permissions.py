"""The permissions of jobs, pipelines, folders, notebooks, files, experiments, endpoints and warehouses."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, Field, model_validator

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.http.bodies import Name, StrictBody, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.object_access import check_manages
from local_workspace.runtime.permissions import Grant

router = APIRouter(prefix="/api/2.0/permissions", dependencies=[REFUSE_UNKNOWN])

Json = dict[str, object]
_API = "/{kind:path}/{object_id}"


def _usual(kind: str) -> str:
    """The kind under the name that the engine has for it: warehouses have two in the API."""
    return "sql/warehouses" if kind == "warehouses" else kind


KindName = Annotated[Text, AfterValidator(_usual)]


class AccessControl(StrictBody):
    """A level for one user, group or service principal."""

    user_name: Name | None = None
    group_name: Name | None = None
    service_principal_name: Name | None = None
    permission_level: Text

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if [self.user_name, self.group_name, self.service_principal_name].count(None) != 2:
            raise ValueError("should have one of user_name, group_name and service_principal_name")
        return self

    def grant(self) -> Grant:
        """The same as a grant."""
        [(kind, name)] = self.model_dump(exclude={"permission_level"}, exclude_none=True).items()
        return {"kind": kind, "name": name, "level": self.permission_level}


class AccessControls(StrictBody):
    """Who gets which level."""

    access_control_list: Annotated[list[AccessControl], Field(max_length=100)] = []

    def grants(self) -> list[Grant]:
        """The same as grants."""
        return [entry.grant() for entry in self.access_control_list]


def _engine(request: Request) -> PermissionsEngine:
    engine: PermissionsEngine = request.app.state.engines.permissions
    return engine


Engine = Annotated[PermissionsEngine, Depends(_engine)]


@router.get(_API + "/permissionLevels")
def levels(engine: Engine, kind: KindName, object_id: Text) -> dict[str, list[dict[str, str]]]:
    """The levels that can be granted on a thing."""
    known = engine.levels(kind, object_id).items()
    return {"permission_levels": [{"permission_level": level, "description": text} for level, text in known]}


@router.get(_API)
def get(request: Request, engine: Engine, kind: KindName, object_id: Text) -> Json:
    """All permissions on a thing."""
    if kind != "experiments":
        check_manages(request, kind, object_id)
    return engine.get(kind, object_id)


@router.put(_API)
def replace(request: Request, engine: Engine, kind: KindName, object_id: Text, body: AccessControls) -> Json:
    """Replace all permissions on a thing."""
    check_manages(request, kind, object_id)
    engine.replace(kind, object_id, body.grants())
    return engine.get(kind, object_id)


@router.patch(_API)
def add(request: Request, engine: Engine, kind: KindName, object_id: Text, body: AccessControls) -> Json:
    """Add permissions on a thing, each in place of what its user, group or service principal had."""
    check_manages(request, kind, object_id)
    engine.add(kind, object_id, body.grants())
    return engine.get(kind, object_id)
