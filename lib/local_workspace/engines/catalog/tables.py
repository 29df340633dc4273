"""Tables and views of the catalog."""

from typing import TYPE_CHECKING

from local_workspace.engines.catalog.documents import Column, Relation, Table
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.names import name_parts
from local_workspace.runtime.errors import not_found

if TYPE_CHECKING:
    from pyspark.sql.types import StructField


class TablesEngine:
    """Finds, lists and drops tables and views; they are made with SQL."""

    def __init__(self, metastore: Metastore, catalog: CatalogEngine) -> None:
        self._metastore, self._catalog = metastore, catalog

    def list(self, catalog: str, schema: str) -> list[Relation]:
        """Tables and views of a schema, without their columns."""
        self._catalog.get_schema(f"{catalog}.{schema}")
        rows = self._metastore.sql(f"SHOW TABLES IN `{schema}`")
        return [_relation(catalog, schema, row.tableName) for row in rows]

    def get(self, full_name: str) -> Table:
        """A table or view with its columns. Raises ApiError 404, or 400 for a view that can't be resolved."""
        catalog, schema, name = self._catalog.parts(full_name, 3)
        kind = self._kind(full_name)
        with self._metastore.session() as session:
            fields = session.table(f"`{schema}`.`{name}`").schema
        table: Table = {
            "name": name,
            "catalog_name": catalog,
            "schema_name": schema,
            "full_name": full_name,
            "table_type": "VIEW" if kind == "VIEW" else "MANAGED",
            "columns": [_column(field, position) for position, field in enumerate(fields)],
        }
        if kind != "VIEW":
            table["data_source_format"] = "DELTA"
        return table

    def exists(self, full_name: str) -> bool:
        """Whether there is a table or view of this name; False also where its schema or catalog is missing."""
        catalog, schema, name = name_parts(full_name, 3)
        if catalog not in [held["name"] for held in self._catalog.list_catalogs()]:
            return False
        with self._metastore.session() as session:
            return session.catalog.tableExists(f"{schema}.{name}")

    def delete(self, full_name: str) -> None:
        """Drop a table or view. Raises ApiError 404."""
        _, schema, name = self._catalog.parts(full_name, 3)
        kind = "VIEW" if self._kind(full_name) == "VIEW" else "TABLE"
        self._metastore.sql(f"DROP {kind} IF EXISTS `{schema}`.`{name}`")

    def _kind(self, full_name: str) -> str:
        """Spark's word for what it is; without its columns, which a view over a lost table doesn't have."""
        _, schema, name = self._catalog.parts(full_name, 3)
        with self._metastore.session() as session:
            if not session.catalog.tableExists(f"{schema}.{name}"):
                raise not_found(f"Table '{full_name}' does not exist")
            return session.catalog.getTable(f"{schema}.{name}").tableType


def _column(field: "StructField", position: int) -> Column:
    return {
        "name": field.name,
        "type_text": field.dataType.simpleString(),
        "position": position,
        "nullable": field.nullable,
    }


def _relation(catalog: str, schema: str, name: str) -> Relation:
    full_name = f"{catalog}.{schema}.{name}"
    return {"name": name, "catalog_name": catalog, "schema_name": schema, "full_name": full_name}
