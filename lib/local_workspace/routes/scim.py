"""SCIM: the caller, users, service principals, and the groups `users` and `admins`.

Everybody may see who there is, by id and name; all else is for administrators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from fastapi import APIRouter, Depends, Query, Request

from local_workspace.engines.identity import IdentityEngine, scim, shapes
from local_workspace.engines.identity.documents import Kind, Settings
from local_workspace.http.access import require_admin
from local_workspace.http.bodies import Name, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import scim_bodies as bodies

Json = dict[str, Any]


class ScimErrorBody(TypedDict):
    """The body of an error of these routes."""

    schemas: list[str]
    detail: str
    status: str


_FAILED: dict[int | str, dict[str, Any]] = {
    "default": {"model": ScimErrorBody, "description": "The request failed; `detail` says why."}
}
router = APIRouter(prefix="/api/2.0/preview/scim/v2", dependencies=[REFUSE_UNKNOWN], responses=_FAILED)
ADMIN = Depends(require_admin)
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_LONGEST = 10_000  # entries of a page


@dataclass(frozen=True)
class Attributes:
    """Which attributes of resources are answered; lists separated by commas."""

    attributes: Text = ""
    excludedAttributes: Text = ""

    def of(self, resource: Json) -> Json:
        """A resource with these attributes."""
        return scim.with_attributes(resource, self.attributes, self.excludedAttributes)


@dataclass(frozen=True)
class Listing:
    """Which resources are listed, in which order, and which page of them."""

    filter: Annotated[Text, Query(max_length=4000)] = ""
    sortBy: Text = ""
    sortOrder: Literal["ascending", "descending"] = "ascending"
    startIndex: Annotated[int, Query(le=2**31 - 1)] = 1
    count: Annotated[int, Query(ge=0, le=_LONGEST)] = _LONGEST

    def of(self, resources: Sequence[Json], attributes: Attributes) -> Json:
        """The page of those that match. Raises ScimError 400 for a filter that is not supported."""
        found = scim.listed(resources, self.filter, self.sortBy, self.sortOrder == "descending")
        start = max(1, self.startIndex)
        page = found[start - 1 : start - 1 + self.count]
        return {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": [attributes.of(each) for each in page],
        }


def _engine(request: Request) -> IdentityEngine:
    engine: IdentityEngine = request.app.state.engines.identity
    return engine


Engine = Annotated[IdentityEngine, Depends(_engine)]
Shown = Annotated[Attributes, Depends(Attributes)]
Listed = Annotated[Listing, Depends(Listing)]


@router.get("/Me")
def me(request: Request, engine: Engine, attributes: Shown) -> Json:
    """The caller; a service principal's user name is its application id."""
    shown = shapes.shown(engine.named(request.state.caller))
    return attributes.of({"userName": request.state.caller, **shown})


@router.post("/Users", status_code=201, dependencies=[ADMIN])
def create_user(engine: Engine, body: bodies.User) -> Json:
    """A new user, who is in no group but `users` unless the body says so."""
    return shapes.shown(engine.create("Users", body.userName, body.settings()))


@router.get("/Users")
def list_users(request: Request, engine: Engine, listing: Listed, attributes: Shown) -> Json:
    """The users."""
    return _page(request, engine, "Users", listing, attributes)


@router.get("/Users/{id}")
def get_user(request: Request, engine: Engine, id: Name, attributes: Shown) -> Json:
    """One user."""
    return _one(request, engine, "Users", id, attributes)


@router.put("/Users/{id}", dependencies=[ADMIN])
def replace_user(engine: Engine, id: Name, body: bodies.User) -> Json:
    """Replace what is known of a user."""
    _check_kept("userName", body.userName, engine.get("Users", id)["name"])
    return shapes.shown(engine.change("Users", id, body.over))


@router.patch("/Users/{id}", status_code=204, dependencies=[ADMIN])
def patch_user(engine: Engine, id: Name, body: bodies.Patch) -> None:
    """Change a part of what is known of a user."""
    _patch(engine, "Users", id, body)


@router.delete("/Users/{id}", status_code=204, dependencies=[ADMIN])
def delete_user(engine: Engine, id: Name) -> None:
    """Remove a user."""
    engine.delete("Users", id)


@router.post("/ServicePrincipals", status_code=201, dependencies=[ADMIN])
def create_service_principal(engine: Engine, body: bodies.ServicePrincipal) -> Json:
    """A new service principal."""
    if body.applicationId is not None:
        raise scim.ScimError(
            400, "applicationId can't be specified for a service principal: it gets one.", "invalidValue"
        )
    if not body.displayName:
        raise scim.ScimError(400, "displayName is missing.", "invalidValue")
    return shapes.shown(engine.create("ServicePrincipals", "", body.settings()))


@router.get("/ServicePrincipals")
def list_service_principals(request: Request, engine: Engine, listing: Listed, attributes: Shown) -> Json:
    """The service principals, with those of apps."""
    return _page(request, engine, "ServicePrincipals", listing, attributes)


@router.get("/ServicePrincipals/{id}")
def get_service_principal(request: Request, engine: Engine, id: Name, attributes: Shown) -> Json:
    """One service principal."""
    return _one(request, engine, "ServicePrincipals", id, attributes)


@router.put("/ServicePrincipals/{id}", dependencies=[ADMIN])
def replace_service_principal(engine: Engine, id: Name, body: bodies.ServicePrincipal) -> Json:
    """Replace what is known of a service principal."""
    name = engine.get("ServicePrincipals", id)["name"]
    _check_kept("applicationId", body.applicationId or name, name)
    return shapes.shown(engine.change("ServicePrincipals", id, body.over))


@router.patch("/ServicePrincipals/{id}", status_code=204, dependencies=[ADMIN])
def patch_service_principal(engine: Engine, id: Name, body: bodies.Patch) -> None:
    """Change a part of what is known of a service principal."""
    _patch(engine, "ServicePrincipals", id, body)


@router.delete("/ServicePrincipals/{id}", status_code=204, dependencies=[ADMIN])
def delete_service_principal(engine: Engine, id: Name) -> None:
    """Remove a service principal."""
    engine.delete("ServicePrincipals", id)


@router.get("/Groups")
def list_groups(request: Request, engine: Engine, listing: Listed, attributes: Shown) -> Json:
    """The two groups."""
    return listing.of([_group(request, engine, each) for each in shapes.GROUPS], attributes)


@router.get("/Groups/{id}")
def get_group(request: Request, engine: Engine, id: Name, attributes: Shown) -> Json:
    """One group."""
    return attributes.of(_group(request, engine, id))


@router.patch("/Groups/{id}", status_code=204, dependencies=[ADMIN])
def patch_group(request: Request, engine: Engine, id: Name, body: bodies.Patch) -> None:
    """Put users and service principals into the group `admins`, or take them out."""
    if _group(request, engine, id)["id"] != shapes.ADMINS_ID:
        raise scim.ScimError(400, "Everybody is in the group users: it can't be changed.", "mutability")
    for add, chosen in [*scim.members(body.operations())]:
        engine.set_admins(chosen, add)


def _page(request: Request, engine: IdentityEngine, kind: Kind, listing: Listing, attributes: Attributes) -> Json:
    return listing.of([_seen(request, shapes.shown(each)) for each in engine.all(kind)], attributes)


def _one(request: Request, engine: IdentityEngine, kind: Kind, id: str, attributes: Attributes) -> Json:
    return attributes.of(_seen(request, shapes.shown(engine.get(kind, id))))


def _seen(request: Request, resource: Json) -> Json:
    return shapes.to_others(resource) if request.state.principal else resource


def _group(request: Request, engine: IdentityEngine, id: str) -> Json:
    if id not in shapes.GROUPS:
        raise scim.ScimError(404, f"Group with id {id} not found.")
    return _seen(request, shapes.group(id, engine.everyone()))


def _patch(engine: IdentityEngine, kind: Kind, id: str, body: bodies.Patch) -> None:
    def changed(settings: Settings) -> Settings:
        return scim.patched(settings, body.operations())

    engine.change(kind, id, changed)


def _check_kept(attribute: str, sent: str, kept: str) -> None:
    if sent.casefold() != kept.casefold():
        raise scim.ScimError(400, f"{attribute} can't be changed: it is {kept}.", "mutability")
