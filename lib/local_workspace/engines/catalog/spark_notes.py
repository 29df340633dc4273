"""What is kept of the catalog beside Spark's metastore, and the file in which the Spark server reads of it."""

import json
from collections.abc import Iterator

from local_workspace.engines.catalog.documents import Catalog, Grants, Made, Owner, Volume
from local_workspace.engines.identity.engine import OWNER_ID
from local_workspace.engines.models.documents import RegisteredModel
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.home import Home, write_atomically
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms


class SparkNotes:
    """The documents of the catalog, volumes, models, owners and grants.

    `user` makes and owns what was given to nobody else. Whoever changes a document calls `write`, so that
    `information_schema` shows it.
    """

    def __init__(self, home: Home, store: Store, user: str) -> None:
        self._home, self.user = home, user
        self.catalogs = Documents[Catalog](store, "catalog")
        self.volumes = Documents[Volume](store, "volume")
        self.models = Documents[RegisteredModel](store, "registered_model")
        self.owners = Documents[Owner](store, "owner")
        self.grants = Documents[Grants](store, "grants")
        self.write()

    def owner(self, kind: str, full_name: str, created_at: int) -> Owner | None:
        """To whom something was given, None if to nobody since it was made."""
        found = self.owners.get(f"{kind} {full_name}")
        return found if found and found["created_at"] == created_at else None

    def give(self, kind: str, full_name: str, created_at: int, owner: str) -> None:
        """Record the new owner of a table or function."""
        given: Owner = {
            "kind": kind,
            "full_name": full_name,
            "created_at": created_at,
            "owner": owner,
            "updated_at": now_ms(),
        }
        self.owners.put(f"{kind} {full_name}", given)
        self.write()

    def granted(self, kind: str, on: Made) -> dict[str, list[str]]:
        """The privileges on something, by principal; not those on what had its name before it was made."""
        found = self.grants.get(f"{kind} {on['full_name']}")
        return found["privileges"] if found and found.get("created_at") == on["created_at"] else {}

    def grant(self, kind: str, on: Made, privileges: dict[str, list[str]]) -> None:
        """Record all privileges on something, by principal."""
        name, created = on["full_name"], on["created_at"]
        self.grants.put(
            f"{kind} {name}", {"kind": kind, "full_name": name, "created_at": created, "privileges": privileges}
        )
        self.write()

    def revoke(self, principal: str) -> None:
        """Remove all privileges of a principal."""
        for key, found in self.grants.items():
            if principal in found["privileges"]:
                left = {name: held for name, held in found["privileges"].items() if name != principal}
                self.grants.update(key, privileges=left)
        self.write()

    def forget(self, kind: str, full_name: str) -> None:
        """Remove owner and privileges of something that was dropped: Spark's times of creation are whole seconds."""
        for documents in (self.owners, self.grants):
            documents.delete(f"{kind} {full_name}")
        self.write()

    def write(self) -> None:
        """Write the files that the Spark server's extension reads."""
        held = self.catalogs.list()
        notes = {
            "user": self.user,
            "user_id": OWNER_ID,
            "catalog": held[0] if held else None,
            "volumes": self.volumes.list(),
            "models": [model["full_name"] for model in self.models.list()],
            "owners": self.owners.list(),
            "grants": list(self._granted()),
        }
        write_atomically(self._home.catalog_notes, json.dumps(notes))
        if held:
            write_atomically(self._home.catalog_name, held[0]["name"])
        else:
            self._home.catalog_name.unlink(missing_ok=True)

    def _granted(self) -> Iterator[dict[str, str | int]]:
        for grants in self.grants.list():
            for principal, privileges in grants["privileges"].items():
                for privilege in privileges:
                    yield {
                        "kind": grants["kind"],
                        "full_name": grants["full_name"],
                        "created_at": grants.get("created_at", 0),
                        "principal": principal,
                        "privilege": privilege,
                    }
