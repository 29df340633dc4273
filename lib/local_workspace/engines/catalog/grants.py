"""Unity Catalog's privileges: who was granted what. Kept and shown, not enforced: open Spark knows no privileges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local_workspace.engines.catalog.documents import Assignment
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.functions import FunctionsEngine
from local_workspace.engines.catalog.tables import TablesEngine
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.store import Store


@dataclass(frozen=True)
class Change:
    """Privileges that a principal gets, and that it loses; what is in both is lost."""

    principal: str
    add: Sequence[str] = field(default_factory=list)
    remove: Sequence[str] = field(default_factory=list)


class GrantsEngine:
    """The grants on the catalog, schemas, tables, volumes and functions."""

    def __init__(self, store: Store, catalog: CatalogEngine, tables: TablesEngine, functions: FunctionsEngine) -> None:
        self._grants = Documents[dict[str, list[str]]](store, "grant")
        self._find: dict[str, Callable[[str], object]] = {
            "catalog": catalog.get_catalog,
            "schema": catalog.get_schema,
            "table": tables.get,
            "volume": catalog.get_volume,
            "function": functions.get,
        }

    def get(self, kind: str, full_name: str) -> list[Assignment]:
        """Principals with their privileges on something. Raises 400 for an unknown kind, 404 if it isn't there."""
        held = self._held(kind, full_name)
        return [{"principal": name, "privileges": privileges} for name, privileges in held.items() if privileges]

    def update(self, kind: str, full_name: str, changes: Sequence[Change]) -> list[Assignment]:
        """Grant and revoke privileges of principals. Raises as `get`."""
        held = self._held(kind, full_name)
        for change in changes:
            held[change.principal] = sorted({*held.get(change.principal, []), *change.add} - {*change.remove})
        self._grants.put(f"{kind} {full_name}", held)
        return self.get(kind, full_name)

    def _held(self, kind: str, full_name: str) -> dict[str, list[str]]:
        if kind not in self._find:
            raise invalid(f"{kind[:50]!r} has no permissions: use {', '.join(self._find)}.")
        self._find[kind](full_name)
        return self._grants.get(f"{kind} {full_name}") or {}
