"""Unity Catalog's privileges: who was granted what.

They are kept and shown, as open Spark knows no privileges. EXECUTE on registered models is enforced for all but
administrators: `check_execute`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from local_workspace.engines.catalog.documents import Assignment, EffectiveAssignment, EffectivePrivilege, Made
from local_workspace.engines.catalog.privileges import PRIVILEGES, ancestors, checked
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.runtime.errors import ApiError, invalid

ACCOUNT_USERS = "account users"  # the group of all users and service principals
Find = Callable[[str], Made]
"""Finds something by its full name, and raises ApiError 404 if it isn't there."""


@dataclass(frozen=True)
class Change:
    """Privileges that a principal gets, and that it loses; what is in both is lost."""

    principal: str
    add: Sequence[str] = field(default_factory=list)
    remove: Sequence[str] = field(default_factory=list)


class GrantsEngine:
    """The grants on what `find` finds, by its kind: catalog, schema, table, volume and function."""

    def __init__(self, notes: SparkNotes, find: dict[str, Find]) -> None:
        self._notes, self._find = notes, find

    def get(self, kind: str, full_name: str) -> list[Assignment]:
        """Principals with their privileges on something. Raises 400 for an unknown kind, 404 if it isn't there."""
        held = self._notes.granted(kind, self._found(kind, full_name))
        return [{"principal": name, "privileges": privileges} for name, privileges in held.items() if privileges]

    def effective(self, kind: str, full_name: str) -> list[EffectiveAssignment]:
        """Principals with their privileges on something and on what it is in. Raises as `get`."""
        found = self._found(kind, full_name)
        by_principal: dict[str, list[EffectivePrivilege]] = {}
        for principal, privileges in self._notes.granted(kind, found).items():
            by_principal.setdefault(principal, []).extend({"privilege": name} for name in privileges)
        for above, name in ancestors(found["full_name"]):
            for principal, privileges in self._notes.granted(above, self._found(above, name)).items():
                by_principal.setdefault(principal, []).extend(_inherited(above, name, privileges))
        return [{"principal": name, "privileges": held} for name, held in by_principal.items() if held]

    def update(self, kind: str, full_name: str, changes: Sequence[Change], by: str | None = None) -> list[Assignment]:
        """Grant and revoke privileges of principals; `by` is the caller, None an administrator.

        Raises as `get`, 400 for a privilege that does not apply, 403 unless the caller owns it.
        """
        found = self._found(kind, full_name)
        if by is not None and cast("Mapping[str, object]", found).get("owner") != by:
            raise ApiError(403, "PERMISSION_DENIED", f"User does not have MANAGE on '{full_name}'. It is {by}.")
        held = self._notes.granted(kind, found)
        for change in changes:
            add, remove = (
                {checked(kind, full_name, privilege) for privilege in privileges}
                for privileges in (change.add, change.remove)
            )
            held[change.principal] = sorted({*held.get(change.principal, []), *add} - remove)
        self._notes.grant(kind, found, held)
        return self.get(kind, full_name)

    def may_use(self, full_name: str, owner: str, principal: str | None) -> bool:
        """Whether a caller may see, load and serve a registered model; None is an administrator."""
        try:
            self.check_use(full_name, owner, principal)
        except ApiError:
            return False
        return True

    def check_use(self, full_name: str, owner: str, principal: str | None) -> None:
        """Raise ApiError 403 unless it may: unless it is the owner, or has EXECUTE on the model."""
        if principal not in (None, owner):
            self.check_execute(full_name, principal)

    def revoke(self, principal: str) -> None:
        """Take back all privileges of a user or service principal."""
        self._notes.revoke(principal)

    def check_execute(self, full_name: str, principal: str) -> None:
        """Raise ApiError 403 unless a user or service principal that is not its owner may use a registered model.

        It needs EXECUTE, USE_SCHEMA and USE_CATALOG, each granted to it or to all, on the model or above it. Raises
        404 if there is no such model. Source: databricks.sdk.service.catalog.RegisteredModelsAPI
        """
        (_, catalog), (_, schema) = ancestors(full_name)
        held = [
            (privilege["privilege"], privilege.get("inherited_from_type", ""))
            for assignment in self.effective("function", full_name)
            if assignment["principal"] in (principal, ACCOUNT_USERS)
            for privilege in assignment["privileges"]
        ]
        for wanted, levels, where in (
            ("USE_CATALOG", {"CATALOG"}, f"Catalog '{catalog}'"),
            ("USE_SCHEMA", {"CATALOG", "SCHEMA"}, f"Schema '{schema}'"),
            ("EXECUTE", {"CATALOG", "SCHEMA", ""}, f"Routine or Model '{full_name}'"),
        ):
            if not any(name in (wanted, "ALL_PRIVILEGES") and level in levels for name, level in held):
                missing = wanted.replace("_", " ")
                raise ApiError(403, "PERMISSION_DENIED", f"User does not have {missing} on {where}. It is {principal}.")

    def _found(self, kind: str, full_name: str) -> Made:
        if kind not in PRIVILEGES:
            raise invalid(f"{kind[:50]!r} has no permissions: use {', '.join(self._find)}.")
        return self._find[kind](full_name)


def _inherited(kind: str, full_name: str, privileges: Sequence[str]) -> list[EffectivePrivilege]:
    return [
        {"privilege": name, "inherited_from_type": kind.upper(), "inherited_from_name": full_name}
        for name in privileges
    ]
