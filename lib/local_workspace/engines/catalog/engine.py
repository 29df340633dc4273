"""Unity Catalog's part: one catalog and its schemas.

Open Spark with Delta has one catalog, so a home holds one: the first that is created. Schemas, tables and functions
live in Spark's metastore, with their comments, owners and times.
"""

from local_workspace.engines.catalog.documents import Catalog, Schema, SparkSchema, Volume
from local_workspace.engines.catalog.ids import identifier
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.names import checked_name, name_parts, quoted_text
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.catalog.volumes import VolumesEngine
from local_workspace.engines.models import ModelsEngine
from local_workspace.runtime.errors import ApiError, already_exists, invalid, not_found
from local_workspace.runtime.timestamps import now_ms

INFORMATION_SCHEMA = "information_schema"
OF_ITSELF = {"default", INFORMATION_SCHEMA}  # the schemas that a catalog comes with
# A workspace comes with a catalog of its name (https://docs.databricks.com/aws/en/catalogs/default); in Databricks Free
# Edition, which has default storage, it is called `workspace`.
_OF_WORKSPACE = "workspace"
_OF_EVERY_WORKSPACE = ("samples", "system")  # only Spark knows what is in these catalogs
# Databricks' words: https://github.com/databricks/cli/issues/4513, https://github.com/databricks/cli/issues/5695
_NO_STORAGE = (
    "Metastore storage root URL does not exist. Default Storage is enabled in your account. You can use the UI to "
    "create a new catalog using Default Storage, or please provide a storage location for the catalog (for example "
    "'CREATE CATALOG myCatalog MANAGED LOCATION '<location-path>')."
)
SYSTEM_USER = "System user"  # Databricks' owner of information_schema and what is in it


class CatalogEngine:
    """Creates, finds, changes and removes the catalog and schemas."""

    def __init__(
        self,
        notes: SparkNotes,
        metastore: Metastore,
        volumes: VolumesEngine,
        models: ModelsEngine,
        storage: str,
        default_storage: bool,
    ) -> None:
        self._notes, self._metastore, self._storage = notes, metastore, storage
        self._volumes, self._models = volumes, models
        self._catalogs, self.default_storage = notes.catalogs, default_storage
        if default_storage and not self.list_catalogs():
            self._put_catalog(_OF_WORKSPACE, "")

    @property
    def metastore_id(self) -> str:
        """The id of the metastore, of which a home has one."""
        return identifier("metastore", self._storage, 0)

    # catalogs

    def create_catalog(self, name: str, comment: str = "") -> Catalog:
        """The new catalog. Raises ApiError if it exists, if this home holds another one, or with default storage."""
        checked_name(name)
        if self.default_storage:  # also for the catalog that there is: Databricks looks at the storage first
            raise ApiError(400, "INVALID_STATE", _NO_STORAGE)
        if name in _OF_EVERY_WORKSPACE:
            raise already_exists(f"Catalog '{name}' already exists")
        held = self.list_catalogs()
        if held and held[0]["name"] != name:
            raise invalid(
                f"This workspace home holds the catalog '{held[0]['name']}'; a laptop's workspace has one. "
                f"For '{name}' set LOCAL_WORKSPACE_HOME to another directory."
            )
        if held:
            raise already_exists(f"Catalog '{name}' already exists")
        return self._put_catalog(name, comment)

    def _put_catalog(self, name: str, comment: str) -> Catalog:
        user, now = self._notes.user, now_ms()
        doc: Catalog = {
            "name": name,
            "full_name": name,
            "catalog_type": "MANAGED_CATALOG",
            "securable_type": "CATALOG",
            "isolation_mode": "OPEN",
            "comment": comment,
            "metastore_id": self.metastore_id,
            "storage_root": self._storage,
            "storage_location": self._storage,
            "owner": user,
            "created_at": now,
            "created_by": user,
            "updated_at": now,
            "updated_by": user,
        }
        self._catalogs.put(name, doc)
        self._notes.write()
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

    def update_catalog(self, name: str, comment: str | None, owner: str | None) -> Catalog:
        """Change the comment or owner of the catalog. Raises ApiError 404."""
        doc = self.get_catalog(name)
        changes = {"comment": doc["comment"] if comment is None else comment, "owner": owner or doc["owner"]}
        changed = self._catalogs.update(name, **changes, updated_at=now_ms(), updated_by=self._notes.user)
        self._notes.write()
        return changed

    def delete_catalog(self, name: str, force: bool) -> None:
        """Remove the catalog, with `force` also what is in it. Raises ApiError 404, or 400 if something is."""
        self.get_catalog(name)
        left = [schema for schema in self.list_schemas(name) if schema["name"] not in OF_ITSELF]
        if left and not force:
            raise invalid(f"Catalog '{name}' still holds the schema '{left[0]['name']}'; delete it first or use force")
        for schema in left:
            self.delete_schema(schema["full_name"], force=True)
        self._empty_default(name, force)
        self._catalogs.delete(name)
        self._notes.write()

    def _empty_default(self, catalog: str, force: bool) -> None:
        """Remove what is in the schema `default`, which Spark keeps. Raises ApiError 400 without `force`."""
        default = self.get_schema(f"{catalog}.default")
        relations, routines = self._metastore.relations("default"), self._metastore.routines("default")
        if not force and (held := [f"'{found['name']}'" for found in [*relations, *routines]]):
            raise invalid(f"Catalog '{catalog}' still holds {held[0]} in 'default'; delete it first or use force")
        self._remove_files(default, force)
        for relation in relations:
            kind = "VIEW" if relation["type"] == "VIEW" else "TABLE"
            self._metastore.sql(f"DROP {kind} default.`{relation['name']}`")
        for routine in routines:
            self._metastore.sql(f"DROP FUNCTION default.`{routine['name']}`")

    # volumes, which lie in a schema of the catalog

    def create_volume(self, catalog: str, schema: str, name: str, comment: str = "") -> Volume:
        """The new volume, an empty directory. Raises ApiError 400 for a bad name, 404, 409 if it exists."""
        self.writable(f"{catalog}.{schema}")
        return self._volumes.create(catalog, schema, name, self.metastore_id, comment)

    # schemas

    def create_schema(self, catalog: str, name: str, comment: str = "") -> Schema:
        """The new schema. Raises ApiError 400 for a bad name, 404 for the catalog, 409 if it exists."""
        self.get_catalog(catalog)
        checked_name(name)
        if self._has_schema(name):
            raise already_exists(f"Schema '{catalog}.{name}' already exists")
        described = f" COMMENT {quoted_text(comment)}" if comment else ""
        self._metastore.sql(f"CREATE SCHEMA IF NOT EXISTS `{name}`{described}")
        return self.get_schema(f"{catalog}.{name}")

    def list_schemas(self, catalog: str) -> list[Schema]:
        """All schemas of the catalog, by name. Raises ApiError 404."""
        held = self.get_catalog(catalog)
        found = [self._schema(held, schema) for schema in self._metastore.schemas()]
        return sorted([*found, self._information_schema(held)], key=lambda schema: schema["name"])

    def get_schema(self, full_name: str) -> Schema:
        """The schema `catalog.schema`. Raises ApiError 404."""
        catalog, name = self.parts(full_name, 2)
        held = self.get_catalog(catalog)
        if name.lower() == INFORMATION_SCHEMA:
            return self._information_schema(held)
        found = self._metastore.schemas(name)
        if not found:
            raise not_found(f"Schema '{full_name}' does not exist")
        return self._schema(held, found[0])

    def update_schema(self, full_name: str, comment: str | None, owner: str | None) -> Schema:
        """Change the comment or owner of a schema. Raises ApiError 404, or 400 for information_schema."""
        name = self.writable(full_name)["name"]
        if comment is not None:
            self._metastore.sql(f"COMMENT ON SCHEMA `{name}` IS {quoted_text(comment)}")
        if owner:
            kept = f"'local_workspace.owner' = {quoted_text(owner)}"
            self._metastore.sql(f"ALTER SCHEMA `{name}` SET DBPROPERTIES ({kept})")
        return self.get_schema(full_name)

    def delete_schema(self, full_name: str, force: bool) -> None:
        """Remove the schema, with `force` also all that is in it. Raises ApiError 404, 400."""
        schema = self.writable(full_name)
        self._remove_files(schema, force)
        self._metastore.sql(f"DROP SCHEMA IF EXISTS `{schema['name']}` {'CASCADE' if force else ''}")
        self._metastore.forget_session(schema["name"])

    def _remove_files(self, schema: Schema, force: bool) -> None:
        """Remove what of a schema isn't in Spark's metastore: volumes and models. Raises 400 without `force`."""
        volumes = [doc["full_name"] for doc in self._volumes.list(schema["catalog_name"], schema["name"])]
        models = [doc["full_name"] for doc in self._models.models(schema["full_name"])]
        if not force and (held := [f"volume '{name}'" for name in volumes] + [f"model '{name}'" for name in models]):
            raise invalid(f"Schema '{schema['full_name']}' still holds the {held[0]}; delete it first or use force")
        for name in volumes:
            self._volumes.delete(name)
        for name in models:
            self._models.delete(name)

    def parts(self, full_name: str, count: int) -> list[str]:
        """The `count` parts of a name in the catalog. Raises ApiError 400 for other names, 404 for the catalog."""
        parts = name_parts(full_name, count)
        self.get_catalog(parts[0])
        return parts

    def _has_schema(self, name: str) -> bool:
        with self._metastore.session() as session:
            return session.catalog.databaseExists(name)

    def writable(self, full_name: str) -> Schema:
        """The schema `catalog.schema`. Raises ApiError 404, or 400 for information_schema, which nobody changes."""
        schema = self.get_schema(full_name)
        if schema["name"] == INFORMATION_SCHEMA:
            raise invalid(f"Schema '{full_name}' belongs to the catalog and can't be changed")
        return schema

    def _schema(self, catalog: Catalog, found: SparkSchema) -> Schema:
        created = found["created_at"] or catalog["created_at"]
        schema = self._named(catalog, found["name"], found["owner"] or self._notes.user, created)
        schema["updated_at"] = found["updated_at"] or created
        if found["comment"]:
            schema["comment"] = found["comment"]
        schema["storage_location"] = found["location"]
        return schema

    def _information_schema(self, catalog: Catalog) -> Schema:
        return self._named(catalog, INFORMATION_SCHEMA, SYSTEM_USER, catalog["created_at"])

    def _named(self, catalog: Catalog, name: str, owner: str, created_at: int) -> Schema:
        full_name = f"{catalog['name']}.{name}"
        return {
            "name": name,
            "catalog_name": catalog["name"],
            "full_name": full_name,
            "catalog_type": "MANAGED_CATALOG",
            "schema_id": identifier("schema", full_name, created_at),
            "metastore_id": self.metastore_id,
            "owner": owner,
            "created_at": created_at,
            "created_by": SYSTEM_USER if owner == SYSTEM_USER else self._notes.user,
            "updated_at": created_at,
            "updated_by": SYSTEM_USER if owner == SYSTEM_USER else self._notes.user,
        }
