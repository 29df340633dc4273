"""Users, service principals and groups as SCIM shows them."""

from collections.abc import Sequence

from local_workspace.engines.identity.documents import Kind, Principal
from local_workspace.engines.identity.scim import ENTITLEMENTS, Json

_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:"
_SCHEMAS: dict[Kind, str] = {"Users": f"{_SCHEMA}User", "ServicePrincipals": f"{_SCHEMA}ServicePrincipal"}
USERS_ID, ADMINS_ID = "2000000000000001", "2000000000000002"
GROUPS = {USERS_ID: "users", ADMINS_ID: "admins"}
"""The groups of every workspace, by id. Everybody is in the first."""
_OF_GROUP = {USERS_ID: ["databricks-sql-access", "workspace-access"], ADMINS_ID: list(ENTITLEMENTS)}


def shown(principal: Principal) -> Json:
    """A user or service principal."""
    groups = [USERS_ID, *([ADMINS_ID] if principal["admin"] else [])]
    return {
        "schemas": [_SCHEMAS[principal["kind"]]],
        "id": principal["id"],
        **(_of_user(principal) if principal["kind"] == "Users" else {"applicationId": principal["name"]}),
        "displayName": principal["display_name"] or principal["name"],
        "active": principal["active"],
        **({"externalId": principal["external_id"]} if principal["external_id"] else {}),
        "groups": [
            {"display": GROUPS[each], "type": "direct", "value": each, "$ref": f"Groups/{each}"} for each in groups
        ],
        "entitlements": _entries(principal["entitlements"]),
    }


def to_others(resource: Json) -> Json:
    """What someone who is no administrator sees of a resource: its id and its name.

    Source: https://docs.databricks.com/api/workspace/users
    """
    return {name: resource[name] for name in ("schemas", "id", "displayName")}


def group(group_id: str, everyone: Sequence[Principal]) -> Json:
    """A group with those of `everyone` that are in it."""
    members = [each for each in everyone if group_id == USERS_ID or each["admin"]]
    return {
        "schemas": [f"{_SCHEMA}Group"],
        "id": group_id,
        "displayName": GROUPS[group_id],
        "meta": {"resourceType": "WorkspaceGroup"},
        "members": [
            {
                "display": each["display_name"] or each["name"],
                "value": each["id"],
                "$ref": f"{each['kind']}/{each['id']}",
            }
            for each in members
        ],
        "entitlements": _entries(_OF_GROUP[group_id]),
    }


def _of_user(user: Principal) -> Json:
    names = {"givenName": user["given_name"], "familyName": user["family_name"]}
    given = {name: text for name, text in names.items() if text}
    return {
        "userName": user["name"],
        "emails": [{"value": user["name"], "primary": True, "type": "work"}],
        **({"name": given} if given else {}),
    }


def _entries(values: Sequence[str]) -> list[Json]:
    return [{"value": each} for each in values]
