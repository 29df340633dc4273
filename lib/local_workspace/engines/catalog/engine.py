"""Unity Catalog's part: one catalog, its schemas and volumes.

Open Spark with Delta has one catalog, so a home holds one: the first that is created. Schemas, tables and functions
live in Spark's metastore; a volume is a directory.
"""

import shutil
from pathlib import Path

from local_workspace.engines.catalog.documents import Catalog, Schema, SchemaNotes, Volume
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.names import checked_name, name_parts
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.home import Home, write_atomically
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

_OWNER = "local"


class CatalogEngine:
    """Creates, finds and removes the catalog, schemas and volumes."""

    def __init__(self, home: Home, store: Store, metastore: Metastore) -> None:
        self._home, self._metastore = home, metastore
        self._catalogs = Documents[Catalog](store, "catalog")
        self._schemas = Documents[SchemaNotes](store, "schema")
        self._volumes = Documents[Volume](store, "volume")
        self._name_catalog_in_spark()

    # catalogs

    def create_catalog(self, name: str, comment: str = "") -> Catalog:
        """The new catalog. Raises ApiError if it exists, or if this home holds another one."""
        checked_name(name)
        held = self.list_catalogs()
        if held and held[0]["name"] != name:
            raise invalid(
                f"This workspace home holds the catalog '{held[0]['name']}'; a laptop's workspace has one. "
                f"For '{name}' set LOCAL_WORKSPACE_HOME to another directory."
            )
        if held:
            raise already_exists(f"Catalog '{name}' already exists")
        doc: Catalog = {
            "name": name,
            "comment": comment,
            "full_name": name,
            "catalog_type": "MANAGED_CATALOG",
            "created_at": now_ms(),
            "owner": _OWNER,
        }
        self._catalogs.put(name, doc)
        self._name_catalog_in_spark()
        return doc

    def list_catalogs(self) -> list[Catalog]:
        """The catalog, if there is one."""
        return self._catalogs.list()

    def get_catalog(self, name: str) -> Catalog:
        """The catalog `name`. Raises ApiError 404."""
        doc = self._catalogs.get(name)
        if doc is None:
            raise not_found(f"Catalog '{name}' does not exist")
        return doc

    def delete_catalog(self, name: str, force: bool) -> None:
        """Remove the catalog, with `force` also what is in it. Raises ApiError 404, or 400 if something is."""
        self.get_catalog(name)
        left = [schema for schema in self.list_schemas(name) if schema["name"] != "default"]
        if left and not force:
            raise invalid(f"Catalog '{name}' still holds the schema '{left[0]['name']}'; delete it first or use force")
        for schema in left:
            self.delete_schema(schema["full_name"], force=True)
        self._catalogs.delete(name)
        self._name_catalog_in_spark()

    def _name_catalog_in_spark(self) -> None:
        held = self.list_catalogs()
        if held:
            write_atomically(self._home.catalog_name, held[0]["name"])
        else:
            self._home.catalog_name.unlink(missing_ok=True)

    # schemas

    def create_schema(self, catalog: str, name: str, comment: str = "") -> Schema:
        """The new schema. Raises ApiError 400 for a bad name, 404 for the catalog, 409 if it exists."""
        self.get_catalog(catalog)
        checked_name(name)
        if self._has_schema(name):
            raise already_exists(f"Schema '{catalog}.{name}' already exists")
        self._metastore.sql(f"CREATE SCHEMA IF NOT EXISTS `{name}`")
        self._schemas.put(name, {"comment": comment, "created_at": now_ms(), "owner": _OWNER})
        return self.get_schema(f"{catalog}.{name}")

    def list_schemas(self, catalog: str) -> list[Schema]:
        """All schemas of the catalog. Raises ApiError 404."""
        self.get_catalog(catalog)
        return [self._schema(catalog, row[0]) for row in self._metastore.sql("SHOW SCHEMAS")]

    def get_schema(self, full_name: str) -> Schema:
        """The schema `catalog.schema`. Raises ApiError 404."""
        catalog, name = self.parts(full_name, 2)
        if not self._has_schema(name):
            raise not_found(f"Schema '{full_name}' does not exist")
        return self._schema(catalog, name)

    def delete_schema(self, full_name: str, force: bool) -> None:
        """Remove the schema, with `force` also its tables, functions and volumes. Raises ApiError 404, 400."""
        name = self.get_schema(full_name)["name"]
        volumes = [doc for doc in self._volumes.list() if doc["schema_name"] == name]
        if volumes and not force:
            raise invalid(f"Schema '{full_name}' still holds the volume '{volumes[0]['name']}'")
        self._metastore.sql(f"DROP SCHEMA IF EXISTS `{name}` {'CASCADE' if force else ''}")
        for doc in volumes:
            self.delete_volume(doc["full_name"])
        self._metastore.forget_session(name)
        self._schemas.delete(name)

    def _has_schema(self, name: str) -> bool:
        with self._metastore.session() as session:
            return session.catalog.databaseExists(name)

    def _schema(self, catalog: str, name: str) -> Schema:
        notes = self._schemas.get(name) or {}
        return {"name": name, "catalog_name": catalog, "full_name": f"{catalog}.{name}", **notes}

    # volumes

    def create_volume(self, catalog: str, schema: str, name: str, comment: str = "") -> Volume:
        """The new volume, an empty directory. Raises ApiError 400 for a bad name, 404, 409 if it exists."""
        self.get_schema(f"{catalog}.{schema}")
        full_name = f"{catalog}.{schema}.{checked_name(name)}"
        if self._volumes.get(full_name):
            raise already_exists(f"Volume '{full_name}' already exists")
        folder = self.volume_path(schema, name)
        folder.mkdir(parents=True, exist_ok=True)
        doc: Volume = {
            "name": name,
            "schema_name": schema,
            "catalog_name": catalog,
            "full_name": full_name,
            "volume_type": "MANAGED",
            "storage_location": str(folder),
            "comment": comment,
            "created_at": now_ms(),
            "owner": _OWNER,
        }
        self._volumes.put(full_name, doc)
        return doc

    def list_volumes(self, catalog: str, schema: str) -> list[Volume]:
        """The volumes of a schema."""
        return [doc for doc in self._volumes.list() if (doc["catalog_name"], doc["schema_name"]) == (catalog, schema)]

    def get_volume(self, full_name: str) -> Volume:
        """The volume `catalog.schema.volume`. Raises ApiError 404."""
        doc = self._volumes.get(full_name)
        if doc is None:
            raise not_found(f"Volume '{full_name}' does not exist")
        return doc

    def delete_volume(self, full_name: str) -> None:
        """Remove the volume and its files. Raises ApiError 404."""
        doc = self.get_volume(full_name)
        folder = self.volume_path(doc["schema_name"], doc["name"])
        if folder.exists():
            shutil.rmtree(folder)
        self._volumes.delete(full_name)

    def volume_path(self, schema: str, name: str) -> Path:
        """The directory of the volume `schema.name`."""
        return self._home.volumes / schema / name

    def parts(self, full_name: str, count: int) -> list[str]:
        """The `count` parts of a name in the catalog. Raises ApiError 400 for other names, 404 for the catalog."""
        parts = name_parts(full_name, count)
        self.get_catalog(parts[0])
        return parts
