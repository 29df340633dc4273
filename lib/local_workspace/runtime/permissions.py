"""Who may use an app or a Lakebase project, and who may manage it.

Sources: https://docs.databricks.com/aws/en/dev-tools/databricks-apps/permissions and
https://docs.databricks.com/aws/en/oltp/projects/grant-permissions-programmatically.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.principals import is_user
from local_workspace.runtime.store import Store

CAN_USE, CAN_MANAGE = "CAN_USE", "CAN_MANAGE"
APPS, PROJECTS = "apps", "database-projects"
LEVELS = {
    APPS: {
        CAN_USE: "Can use the app",
        CAN_MANAGE: "Can manage the app: edit its settings, deploy it, and change its permissions",
    },
    PROJECTS: {
        CAN_USE: "Can use the project: see its branches and endpoints, and get credentials for them",
        CAN_MANAGE: "Can manage the project: change what is in it, and its permissions",
    },
}
_STORED = {APPS: "app_permissions", PROJECTS: "project_permissions"}
_NAMED = {APPS: "the app", PROJECTS: "the project"}
WORKSPACE_USERS, ADMINS = "users", "admins"  # groups of every Databricks workspace


class Grant(TypedDict):
    """One level for one user, group or service principal; `kind` is the field that names it in requests."""

    kind: str
    name: str
    level: str


class AccessList(TypedDict):
    """All grants on one thing."""

    grants: list[Grant]


class Permissions:
    """The grants on APPS or on PROJECTS. Administrators may do everything."""

    def __init__(self, store: Store, kind: str) -> None:
        self._kind, self._lists = kind, Documents[AccessList](store, _STORED[kind])

    def of(self, name: str) -> list[Grant]:
        """The grants on one of them."""
        found = self._lists.get(name)
        return found["grants"] if found else []

    def replace(self, name: str, grants: list[Grant]) -> None:
        """Replace all grants."""
        self._lists.put(name, {"grants": one_each(grants)})

    def add(self, name: str, grants: list[Grant]) -> None:
        """Add grants, each in place of what its user, group or service principal had."""
        self._lists.change(name, lambda held: {"grants": one_each([*(held["grants"] if held else []), *grants])})

    def forget(self, name: str) -> None:
        """Remove all grants."""
        self._lists.delete(name)

    def revoke(self, principal: str) -> None:
        """Take back all that a user or service principal was granted."""
        for name, _ in self._lists.items():
            self._lists.change(name, lambda held: {"grants": without(held["grants"], principal)} if held else None)

    def may(self, principal: str, name: str, level: str) -> bool:
        """Whether a user or service principal has `level` on one of them, itself or as one of all."""
        allowed = {CAN_MANAGE, level}
        return any(grant["level"] in allowed and is_for(grant, principal) for grant in self.of(name))

    def check(self, principal: str | None, name: str, level: str) -> None:
        """Raise ApiError 403 unless the caller has `level`; None is an administrator."""
        if principal and not self.may(principal, name, level):
            raise ApiError(
                403, "PERMISSION_DENIED", f"{principal} does not have {level} on {_NAMED[self._kind]} '{name}'."
            )


def of_principal(name: str, level: str) -> Grant:
    """A level for the user or service principal of that name."""
    return {"kind": _kind_of(name), "name": name, "level": level}


def is_for(grant: Grant, principal: str) -> bool:
    """Whether a user or service principal has a grant, itself or as one of all."""
    return (grant["kind"], grant["name"]) in ((_kind_of(principal), principal), ("group_name", WORKSPACE_USERS))


def without(grants: list[Grant], principal: str) -> list[Grant]:
    """The grants that are not the principal's own."""
    return [grant for grant in grants if (grant["kind"], grant["name"]) != (_kind_of(principal), principal)]


def shown(kind: str, name: str, grants: list[Grant]) -> dict[str, Any]:
    """The grants on APPS or PROJECTS' `name` as the permissions API shows them; administrators always manage."""
    rows = [shown_grant(grant) for grant in grants]
    admins = shown_grant({"kind": "group_name", "name": ADMINS, "level": CAN_MANAGE}, inherited_from=f"/{kind}/")
    return {"object_id": f"/{kind}/{name}", "object_type": kind, "access_control_list": [*rows, admins]}


def shown_grant(grant: Grant, inherited_from: str | None = None) -> dict[str, Any]:
    """A grant as the permissions API shows it; `inherited_from` names what all of a kind have it from."""
    level = {"permission_level": grant["level"], "inherited": inherited_from is not None}
    inherited = {"inherited_from_object": [inherited_from]} if inherited_from else {}
    named = {grant["kind"]: grant["name"]}
    return {
        **named,
        **({} if inherited_from else {"display_name": grant["name"]}),
        "all_permissions": [{**level, **inherited}],
    }


def check_principals(grants: Iterable[Grant], is_known: Callable[[str], bool]) -> None:
    """Raise ApiError 404 for a grant to a user, group or service principal that is not there."""
    for grant in grants:
        kind, name = grant["kind"], grant["name"]
        if kind == "group_name":
            if name not in (WORKSPACE_USERS, ADMINS):
                known = f"this workspace has {WORKSPACE_USERS} and {ADMINS}"
                raise not_found(f"Principal: GroupName({name}) does not exist; {known}.")
        elif kind != _kind_of(name) or not is_known(name):
            word = "UserName" if kind == "user_name" else "ServicePrincipalName"
            raise not_found(f"Principal: {word}({name}) does not exist.")


def one_each(grants: Iterable[Grant]) -> list[Grant]:
    """The last grant of each user, group or service principal, in the order of the first."""
    return list({(grant["kind"], grant["name"]): grant for grant in grants}.values())


def _kind_of(principal: str) -> str:
    return "user_name" if is_user(principal) else "service_principal_name"
