"""Unity Catalog: privileges."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends

from local_workspace.engines.catalog import Change
from local_workspace.engines.catalog.documents import Assignment
from local_workspace.http.bodies import Body, Name, Text
from local_workspace.http.paging import Page, by_max_results
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.catalog import Unity

router = APIRouter(prefix="/api/2.1/unity-catalog/permissions", dependencies=[REFUSE_UNKNOWN])

Assignments = Mapping[str, list[Assignment]]


class PermissionsChange(Body):
    """Privileges that a principal gets and loses."""

    principal: Name
    add: list[Text] | None = None
    remove: list[Text] | None = None


class PermissionsChanges(Body):
    """Changes of the privileges on one thing."""

    changes: list[PermissionsChange] | None = None


@router.get("/{kind}/{full_name}")
def get(
    unity: Unity,
    page: Annotated[Page, Depends(by_max_results)],
    kind: Text,
    full_name: Text,
    principal: Name | None = None,
) -> Mapping[str, object]:
    """The principals with their privileges; of `principal` only, if it is given."""
    held = [each for each in unity.grants.get(kind, full_name) if principal in (None, each["principal"])]
    return page.of("privilege_assignments", held)


@router.patch("/{kind}/{full_name}")
def update(unity: Unity, kind: Text, full_name: Text, body: PermissionsChanges) -> Assignments:
    """Grant and revoke."""
    changes = [Change(change.principal, change.add or [], change.remove or []) for change in body.changes or []]
    return {"privilege_assignments": unity.grants.update(kind, full_name, changes)}
