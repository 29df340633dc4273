"""Volumes: directories with names in the catalog.

Unity Catalog keeps names in lower case, and finds them in any:
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names.
"""

import shutil
from pathlib import Path

from local_workspace.engines.catalog.documents import Volume
from local_workspace.engines.catalog.ids import identifier
from local_workspace.engines.catalog.names import checked_name
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.runtime.errors import already_exists, not_found
from local_workspace.runtime.timestamps import now_ms


class VolumesEngine:
    """Creates, finds, changes and removes volumes; `folder` holds their directories, as schema/volume."""

    def __init__(self, notes: SparkNotes, folder: Path) -> None:
        self._notes, self._folder = notes, folder
        self._volumes = notes.volumes

    def create(self, catalog: str, schema: str, name: str, metastore_id: str, comment: str = "") -> Volume:
        """The new volume of an existing schema, an empty directory. Raises ApiError 400 for a bad name, 409."""
        schema, name = schema.lower(), checked_name(name).lower()
        full_name = f"{catalog}.{schema}.{name}"
        if self._find(full_name):
            raise already_exists(f"Volume '{full_name}' already exists")
        folder = self.path(schema, name)
        folder.mkdir(parents=True, exist_ok=True)
        user, now = self._notes.user, now_ms()
        doc: Volume = {
            "name": name,
            "schema_name": schema,
            "catalog_name": catalog,
            "full_name": full_name,
            "volume_type": "MANAGED",
            "volume_id": identifier("volume", full_name, now),
            "metastore_id": metastore_id,
            "storage_location": str(folder),
            "comment": comment,
            "owner": user,
            "created_at": now,
            "created_by": user,
            "updated_at": now,
            "updated_by": user,
        }
        self._volumes.put(full_name, doc)
        self._notes.write()
        return doc

    def list(self, catalog: str, schema: str) -> list[Volume]:
        """The volumes of a schema."""
        above = f"{catalog}.{schema}".lower()
        return [doc for doc in self._volumes.list() if f"{doc['catalog_name']}.{doc['schema_name']}".lower() == above]

    def get(self, full_name: str) -> Volume:
        """The volume `catalog.schema.volume`. Raises ApiError 404."""
        doc = self._find(full_name)
        if doc is None:
            raise not_found(f"Volume '{full_name}' does not exist")
        return doc

    def _find(self, full_name: str) -> Volume | None:
        return next((doc for doc in self._volumes.list() if doc["full_name"].lower() == full_name.lower()), None)

    def update(self, full_name: str, comment: str | None, owner: str | None) -> Volume:
        """Change the comment or owner of a volume. Raises ApiError 404."""
        doc = self.get(full_name)
        changes = {"comment": doc["comment"] if comment is None else comment, "owner": owner or doc["owner"]}
        changed = self._volumes.update(doc["full_name"], **changes, updated_at=now_ms(), updated_by=self._notes.user)
        self._notes.write()
        return changed

    def delete(self, full_name: str) -> None:
        """Remove the volume and its files. Raises ApiError 404."""
        doc = self.get(full_name)
        folder = self.path(doc["schema_name"], doc["name"])
        if folder.exists():
            shutil.rmtree(folder)
        self._volumes.delete(doc["full_name"])
        self._notes.write()

    def path(self, schema: str, name: str) -> Path:
        """The directory of the volume `schema.name`."""
        return self._folder / schema / name
