"""The bodies of SCIM requests."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from local_workspace.engines.identity import scim, shapes
from local_workspace.engines.identity.documents import Settings
from local_workspace.http.bodies import Body, Name, Refused, StrictBody, Text

_MANY = 1000


class Entry(Body):
    """An entry of a list: its value, and what describes it."""

    value: Text


Entries = Annotated[list[Entry], Field(max_length=_MANY)]


class FullName(StrictBody):
    """The parts of a person's name."""

    givenName: Text = ""
    familyName: Text = ""


class Resource(StrictBody):
    """What users and service principals have in common. `emails` are ignored: a user's name is the address."""

    schemas: list[Text] = []
    id: Text | None = None
    displayName: Text = ""
    externalId: Text = ""
    active: bool = True
    entitlements: Entries = []
    groups: Entries | None = None
    roles: Refused = None

    def settings(self) -> Settings:
        """The same as settings. Raises ScimError 400 for an entitlement or a group that is not there."""
        chosen = [group.value for group in self.groups or []]
        if unknown := [group for group in chosen if group not in shapes.GROUPS]:
            raise scim.ScimError(400, f"Group with id {unknown[0]} not found.", "invalidValue")
        return {
            "display_name": self.displayName,
            "given_name": "",
            "family_name": "",
            "external_id": self.externalId,
            "active": self.active,
            "admin": shapes.ADMINS_ID in chosen,
            "entitlements": scim.check_entitlements([each.value for each in self.entitlements]),
        }

    def over(self, settings: Settings) -> Settings:
        """The settings that replace others; without `groups` the groups stay."""
        return self.settings() | ({"admin": settings["admin"]} if self.groups is None else {})


class User(Resource):
    """A user; `userName` is an e-mail address."""

    userName: Name
    name: FullName = FullName()
    emails: Entries = []

    def settings(self) -> Settings:
        """The same as settings. Raises as for every resource."""
        return super().settings() | {"given_name": self.name.givenName, "family_name": self.name.familyName}


class ServicePrincipal(Resource):
    """A service principal. Its application id is made by the workspace, and can be repeated in a replacement."""

    applicationId: Text | None = None


class Operation(Body):
    """A part of a patch."""

    op: Annotated[Text, Field(max_length=20)]
    path: Text | None = None
    value: JsonValue = None


class Patch(StrictBody):
    """A SCIM patch."""

    schemas: list[Literal["urn:ietf:params:scim:api:messages:2.0:PatchOp"]] = []
    Operations: Annotated[list[Operation], Field(max_length=_MANY)]

    def operations(self) -> list[scim.Json]:
        """The operations as the engine takes them."""
        return [operation.model_dump(include={"op", "path", "value"}) for operation in self.Operations]
