"""Unity Catalog's part: one catalog, its schemas, volumes, tables and functions.

Open Spark with Delta has one catalog, so a home holds one: the first that is created. Schemas, tables and functions
live in Spark's metastore; a volume is a directory.
"""

import re
import shutil
from pathlib import Path

from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class CatalogEngine:
    """Creates, finds and removes the things that have a three-level name."""

    def __init__(self, home: Home, store: Store, spark: SparkEngine) -> None:
        self._home, self._store, self._spark = home, store, spark

    # catalogs

    def create_catalog(self, name: str, comment: str = "") -> dict:
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
        doc = {"name": name, "comment": comment, "full_name": name, "catalog_type": "MANAGED_CATALOG", **_stamps()}
        self._store.put("catalog", name, doc)
        return doc

    def list_catalogs(self) -> list[dict]:
        """The catalog, if there is one."""
        return self._store.list("catalog")

    def get_catalog(self, name: str) -> dict:
        """The catalog `name`. Raises ApiError if there is none."""
        doc = self._store.get("catalog", name)
        if doc is None:
            raise not_found(f"Catalog '{name}' does not exist")
        return doc

    def delete_catalog(self, name: str, force: bool) -> None:
        """Remove the catalog, with `force` also what is in it."""
        self.get_catalog(name)
        left = [schema for schema in self.list_schemas(name) if schema["name"] != "default"]
        if left and not force:
            raise invalid(f"Catalog '{name}' still holds the schema '{left[0]['name']}'; delete it first or use force")
        for schema in left:
            self.delete_schema(schema["full_name"], force=True)
        self._store.delete("catalog", name)

    # schemas

    def create_schema(self, catalog: str, name: str, comment: str = "") -> dict:
        """The new schema. Raises ApiError if it exists."""
        self.get_catalog(catalog)
        checked_name(name)
        if self._has_schema(name):
            raise already_exists(f"Schema '{catalog}.{name}' already exists")
        self._spark.session().sql(f"CREATE SCHEMA IF NOT EXISTS `{name}`").collect()
        self._store.put("schema", name, {"comment": comment, **_stamps()})
        return self.get_schema(f"{catalog}.{name}")

    def list_schemas(self, catalog: str) -> list[dict]:
        """All schemas of the catalog."""
        self.get_catalog(catalog)
        rows = self._spark.session().sql("SHOW SCHEMAS").collect()
        return [self._schema_doc(catalog, row[0]) for row in rows]

    def get_schema(self, full_name: str) -> dict:
        """The schema `catalog.schema`. Raises ApiError if there is none."""
        catalog, name = self._parts(full_name, 2)
        if not self._has_schema(name):
            raise not_found(f"Schema '{full_name}' does not exist")
        return self._schema_doc(catalog, name)

    def delete_schema(self, full_name: str, force: bool) -> None:
        """Remove the schema, with `force` also its tables, functions and volumes."""
        name = self.get_schema(full_name)["name"]
        volumes = [doc for doc in self._store.list("volume") if doc["schema_name"] == name]
        if volumes and not force:
            raise invalid(f"Schema '{full_name}' still holds the volume '{volumes[0]['name']}'")
        self._spark.session().sql(f"DROP SCHEMA IF EXISTS `{name}` {'CASCADE' if force else ''}").collect()
        for doc in volumes:
            self.delete_volume(doc["full_name"])
        self._spark.forget_session(name)
        self._store.delete("schema", name)

    def _has_schema(self, name: str) -> bool:
        return self._spark.session().catalog.databaseExists(name)

    def _schema_doc(self, catalog: str, name: str) -> dict:
        kept = self._store.get("schema", name) or {}
        return {"name": name, "catalog_name": catalog, "full_name": f"{catalog}.{name}", **kept}

    # volumes

    def create_volume(self, catalog: str, schema: str, name: str, comment: str = "") -> dict:
        """The new volume, an empty directory. Raises ApiError if it exists."""
        self.get_schema(f"{catalog}.{schema}")
        full_name = f"{catalog}.{schema}.{checked_name(name)}"
        if self._store.get("volume", full_name):
            raise already_exists(f"Volume '{full_name}' already exists")
        folder = self.volume_path(schema, name)
        folder.mkdir(parents=True, exist_ok=True)
        doc = {
            "name": name,
            "schema_name": schema,
            "catalog_name": catalog,
            "full_name": full_name,
            "volume_type": "MANAGED",
            "storage_location": str(folder),
            "comment": comment,
            **_stamps(),
        }
        self._store.put("volume", full_name, doc)
        return doc

    def list_volumes(self, catalog: str, schema: str) -> list[dict]:
        """The volumes of a schema."""
        return [
            doc for doc in self._store.list("volume") if (doc["catalog_name"], doc["schema_name"]) == (catalog, schema)
        ]

    def get_volume(self, full_name: str) -> dict:
        """The volume `catalog.schema.volume`. Raises ApiError if there is none."""
        doc = self._store.get("volume", full_name)
        if doc is None:
            raise not_found(f"Volume '{full_name}' does not exist")
        return doc

    def delete_volume(self, full_name: str) -> None:
        """Remove the volume and its files."""
        doc = self.get_volume(full_name)
        folder = self.volume_path(doc["schema_name"], doc["name"])
        if folder.exists():
            shutil.rmtree(folder)
        self._store.delete("volume", full_name)

    def volume_path(self, schema: str, name: str) -> Path:
        """The directory of the volume `schema.name`."""
        return self._home.volumes / schema / name

    # tables and functions

    def list_tables(self, catalog: str, schema: str) -> list[dict]:
        """Tables and views of a schema, without their columns."""
        self.get_schema(f"{catalog}.{schema}")
        rows = self._spark.session().sql(f"SHOW TABLES IN `{schema}`").collect()
        return [
            {
                "name": row.tableName,
                "catalog_name": catalog,
                "schema_name": schema,
                "full_name": f"{catalog}.{schema}.{row.tableName}",
            }
            for row in rows
        ]

    def get_table(self, full_name: str) -> dict:
        """A table or view with its columns. Raises ApiError if there is none."""
        catalog, schema, name = self._parts(full_name, 3)
        session, kind = self._spark.session(), self._table_kind(full_name)
        columns = [
            {
                "name": field.name,
                "type_text": field.dataType.simpleString(),
                "position": position,
                "nullable": field.nullable,
            }
            for position, field in enumerate(session.table(f"`{schema}`.`{name}`").schema)
        ]
        return {
            "name": name,
            "catalog_name": catalog,
            "schema_name": schema,
            "full_name": full_name,
            "table_type": "VIEW" if kind == "VIEW" else "MANAGED",
            "columns": columns,
            **({} if kind == "VIEW" else {"data_source_format": "DELTA"}),
        }

    def delete_table(self, full_name: str) -> None:
        """Drop a table or view. Raises ApiError if there is none."""
        _, schema, name = self._parts(full_name, 3)
        kind = "VIEW" if self._table_kind(full_name) == "VIEW" else "TABLE"
        self._spark.session().sql(f"DROP {kind} IF EXISTS `{schema}`.`{name}`").collect()

    def _table_kind(self, full_name: str) -> str:
        """Spark's word for what it is; asked without its columns, which a view over a lost table doesn't have."""
        _, schema, name = self._parts(full_name, 3)
        catalog = self._spark.session().catalog
        if not catalog.tableExists(f"{schema}.{name}"):
            raise not_found(f"Table '{full_name}' does not exist")
        return catalog.getTable(f"{schema}.{name}").tableType

    def list_functions(self, catalog: str, schema: str) -> list[dict]:
        """The SQL functions of a schema."""
        self.get_schema(f"{catalog}.{schema}")
        rows = self._spark.session().sql(f"SHOW USER FUNCTIONS IN `{schema}`").collect()
        # Delta's own table functions are shown too, without a schema in front.
        names = sorted(row[0].rsplit(".", 1)[-1] for row in rows if row[0].split(".")[-2:-1] == [schema])
        return [_function_doc(catalog, schema, name) for name in names]

    def get_function(self, full_name: str) -> dict:
        """A SQL function. Raises ApiError if there is none."""
        catalog, schema, name = self._parts(full_name, 3)
        if not self._spark.session().catalog.functionExists(f"{schema}.{name}"):
            raise not_found(f"Function '{full_name}' does not exist")
        return _function_doc(catalog, schema, name)

    def delete_function(self, full_name: str) -> None:
        """Drop a SQL function."""
        doc = self.get_function(full_name)
        self._spark.session().sql(f"DROP FUNCTION IF EXISTS `{doc['schema_name']}`.`{doc['name']}`").collect()

    def _parts(self, full_name: str, count: int) -> list[str]:
        parts = full_name.split(".")
        if len(parts) != count:
            raise invalid(f"'{full_name}' is not a name of {count} parts")
        self.get_catalog(parts[0])
        return [checked_name(part) for part in parts]


def checked_name(name: str) -> str:
    """`name`, if it is an identifier. Raises ApiError otherwise."""
    if not _IDENTIFIER.fullmatch(name or ""):
        raise invalid(f"'{name}' is no identifier: use letters, digits and underscores, not starting with a digit")
    return name


def _function_doc(catalog: str, schema: str, name: str) -> dict:
    return {
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": f"{catalog}.{schema}.{name}",
        "routine_body": "SQL",
    }


def _stamps() -> dict:
    return {"created_at": now_ms(), "owner": "local"}
