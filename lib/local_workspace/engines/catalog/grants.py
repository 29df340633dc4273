"""Unity Catalog's privileges: who was granted what. Kept and shown, not enforced: open Spark knows no privileges."""

from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.store import Store

_KIND = "grant"


class GrantsEngine:
    """The grants on catalogs, schemas, tables and volumes."""

    def __init__(self, store: Store, catalog: CatalogEngine) -> None:
        self._store = store
        self._find = {
            "catalog": catalog.get_catalog,
            "schema": catalog.get_schema,
            "table": catalog.get_table,
            "volume": catalog.get_volume,
            "function": catalog.get_function,
        }

    def get(self, kind: str, full_name: str) -> list[dict]:
        """Principals with their privileges on something. Raises 400 for an unknown kind, 404 if it isn't there."""
        held = self._held(kind, full_name)
        return [{"principal": name, "privileges": privileges} for name, privileges in held.items() if privileges]

    def update(self, kind: str, full_name: str, changes: list[dict]) -> list[dict]:
        """Grant (`add`) and revoke (`remove`) privileges of principals. Raises as `get`, 400 for no principal."""
        held = self._held(kind, full_name)
        for change in changes:
            name = change.get("principal")
            if not name:
                raise invalid("Each change of permissions needs a principal.")
            kept = {*held.get(name, []), *(change.get("add") or [])} - {*(change.get("remove") or [])}
            held[name] = sorted(kept)
        self._store.put(_KIND, f"{kind} {full_name}", held)
        return self.get(kind, full_name)

    def _held(self, kind: str, full_name: str) -> dict[str, list[str]]:
        if kind not in self._find:
            raise invalid(f"Permissions are of a {', a '.join(self._find)}; {kind!r} is none of these.")
        self._find[kind](full_name)
        return self._store.get(_KIND, f"{kind} {full_name}") or {}
