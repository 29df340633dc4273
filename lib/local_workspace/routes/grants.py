"""Unity Catalog: privileges."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.catalog import Change
from local_workspace.engines.catalog.documents import Assignment, EffectiveAssignment
from local_workspace.http.bodies import Body, Name, Text
from local_workspace.http.paging import Page, by_max_results
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.catalog import Unity
from local_workspace.routes.catalog_principals import check_known
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.1/unity-catalog", dependencies=[REFUSE_UNKNOWN])

LEAST_PAGE = 150
Assignments = Mapping[str, list[Assignment]]


class PermissionsChange(Body):
    """Privileges that a principal gets and loses."""

    principal: Name
    add: list[Text] | None = None
    remove: list[Text] | None = None


class PermissionsChanges(Body):
    """Changes of the privileges on one thing."""

    changes: list[PermissionsChange] | None = None


@router.get("/permissions/{kind}/{full_name}")
def get(
    unity: Unity,
    page: Annotated[Page, Depends(by_max_results)],
    kind: Text,
    full_name: Text,
    principal: Name | None = None,
) -> Mapping[str, object]:
    """The principals with their privileges; of `principal` only, if it is given."""
    return page.of("privilege_assignments", _of(principal, unity.grants.get(kind, full_name)))


@router.patch("/permissions/{kind}/{full_name}")
def update(request: Request, unity: Unity, kind: Text, full_name: Text, body: PermissionsChanges) -> Assignments:
    """Grant and revoke, for administrators and the owner."""
    for change in body.changes or []:
        check_known(request, change.principal)
    changes = [Change(change.principal, change.add or [], change.remove or []) for change in body.changes or []]
    return {"privilege_assignments": unity.grants.update(kind, full_name, changes, request.state.principal)}


@router.get("/effective-permissions/{kind}/{full_name}")
def effective(
    unity: Unity,
    page: Annotated[Page, Depends(by_max_results)],
    kind: Text,
    full_name: Text,
    principal: Name | None = None,
) -> Mapping[str, object]:
    """The principals with their privileges, those on the schema and the catalog as well; of `principal` only, if given.

    A page has at least 150 entries on Databricks, which refuses fewer (databricks.sdk.service.catalog.GrantsAPI).
    """
    if page.size is not None and 0 < page.size < LEAST_PAGE:
        raise invalid(f"max_results should be 0, or {LEAST_PAGE} at least; it was {page.size}.")
    return page.of("privilege_assignments", _of(principal, unity.grants.effective(kind, full_name)))


def _of[Held: (Assignment, EffectiveAssignment)](principal: str | None, held: list[Held]) -> list[Held]:
    """What is held by `principal`, or by anyone if it is None."""
    return [each for each in held if principal in (None, each["principal"])]
