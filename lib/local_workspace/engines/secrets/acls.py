"""Who may read, write and manage a secret scope. Administrators manage all.

Sources: https://docs.databricks.com/aws/en/security/auth/access-control/#secret-acls, the SDK's `SecretsAPI`, and for
the words of a refusal https://github.com/paiqo/Databricks-VSCode/issues/43.
"""

from typing import TypedDict

from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.permissions import ADMINS, WORKSPACE_USERS
from local_workspace.runtime.store import Store

READ, WRITE, MANAGE = "READ", "WRITE", "MANAGE"
LEVELS = (READ, WRITE, MANAGE)
"""Each allows what those before it do."""
GROUPS = (WORKSPACE_USERS, ADMINS)


class ScopeAcl(TypedDict):
    """The level of each user, group and service principal that has one on a scope."""

    levels: dict[str, str]


class ScopeAcls:
    """The access control lists of scopes, by the scopes' names."""

    def __init__(self, store: Store) -> None:
        self._lists = Documents[ScopeAcl](store, "scope_permissions")

    def start(self, scope: str, manager: str) -> None:
        """Let one principal, and nobody else, manage a new scope."""
        self._lists.put(scope, {"levels": {manager: MANAGE}})

    def of(self, scope: str) -> dict[str, str]:
        """The levels on a scope, by principal."""
        found = self._lists.get(scope)
        return found["levels"] if found else {}

    def level(self, scope: str, principal: str) -> str:
        """The level of one principal. Raises ApiError 404 if it has none."""
        held = self.of(scope)
        if principal not in held:
            raise not_found(f"{principal[:128]} has no permission on scope {scope}.")
        return held[principal]

    def put(self, scope: str, principal: str, level: str) -> None:
        """Give a principal a level, in place of what it had."""
        self._lists.change(scope, lambda held: {"levels": {**(held["levels"] if held else {}), principal: level}})

    def delete(self, scope: str, principal: str) -> None:
        """Take a principal's level back. Raises ApiError 404 if it has none."""
        self.level(scope, principal)
        self._lists.change(scope, lambda held: _without(held, principal))

    def forget(self, scope: str) -> None:
        """Remove all levels on a scope."""
        self._lists.delete(scope)

    def revoke(self, principal: str) -> None:
        """Take back the levels of a principal on all scopes."""
        for scope, _ in self._lists.items():
            self._lists.change(scope, lambda held: _without(held, principal))

    def check(self, scope: str, principal: str | None, level: str) -> None:
        """Raise ApiError 403 unless the caller has `level` or one above it; None is an administrator."""
        enough = LEVELS[LEVELS.index(level) :]
        if principal is None or any(self.of(scope).get(name) in enough for name in (principal, WORKSPACE_USERS)):
            return
        message = f"{principal} does not have {level} permission on scope {scope} to perform this action."
        raise ApiError(403, "PERMISSION_DENIED", message)


def _without(held: ScopeAcl | None, principal: str) -> ScopeAcl | None:
    levels = held["levels"] if held else {}
    return {"levels": {name: levels[name] for name in levels if name != principal}} if principal in levels else None
