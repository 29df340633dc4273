"""Tables and views of the catalog."""

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from local_workspace.engines.catalog import fields, later_commits
from local_workspace.engines.catalog.documents import DeltaTableVersion, SparkRelation, Table, TableSummary
from local_workspace.engines.catalog.engine import INFORMATION_SCHEMA, SYSTEM_USER, CatalogEngine
from local_workspace.engines.catalog.ids import identifier
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.names import name_parts
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.runtime.errors import not_found


class TablesEngine:
    """Finds, lists, gives away and drops tables and views; they are made with SQL."""

    def __init__(self, notes: SparkNotes, metastore: Metastore, catalog: CatalogEngine) -> None:
        self._notes, self._metastore, self._catalog = notes, metastore, catalog

    def list(self, catalog: str, schema: str) -> list[Table]:
        """Tables and views of a schema, by name. Raises ApiError 404."""
        self._catalog.get_schema(f"{catalog}.{schema}")
        return [self._table(catalog, found) for found in self._metastore.relations(schema)]

    def summaries(self, catalog: str, schema_pattern: str, table_pattern: str) -> Sequence[TableSummary]:
        """Names and types of the tables and views whose schema and name are LIKE the patterns; empty ones fit all."""
        self._catalog.get_catalog(catalog)
        schemas, tables = _like(schema_pattern), _like(table_pattern)
        return [
            {"full_name": f"{catalog}.{found['schema']}.{found['name']}", "table_type": found["type"]}
            for found in self._metastore.relations()
            if schemas.fullmatch(found["schema"]) and tables.fullmatch(found["name"])
        ]

    def versions(self, catalog: str) -> Sequence[DeltaTableVersion]:
        """The Delta tables of a catalog with their newest versions, which Spark is asked for only if it must be."""
        found = [(each, later_commits.version(each)) for each in self._metastore.relations()]
        return [
            {"full_name": f"{catalog}.{each['schema']}.{each['name']}", "table_type": each["type"], "version": version}
            for each, version in found
            if version is not None
        ]

    def get(self, full_name: str) -> Table:
        """A table or view with its columns. Raises ApiError 404, or 400 for a view that can't be resolved."""
        _, schema, name = self._catalog.parts(full_name, 3)
        table = self.described(full_name)
        if table["table_type"] == "VIEW" and schema.lower() != INFORMATION_SCHEMA:
            with self._metastore.session() as session:
                session.table(f"`{schema}`.`{name}`").schema  # noqa: B018  # raises if what it reads is lost
        return table

    def described(self, full_name: str) -> Table:
        """A table, or a view as it was made, whether it can be resolved or not. Raises ApiError 404."""
        catalog, _, _ = self._catalog.parts(full_name, 3)
        return self._table(catalog, self._found(full_name))

    def exists(self, full_name: str) -> bool:
        """Whether there is a table or view of this name; False also where its schema or catalog is missing."""
        catalog, schema, name = name_parts(full_name, 3)
        if catalog not in [held["name"] for held in self._catalog.list_catalogs()]:
            return False
        with self._metastore.session() as session:
            return session.catalog.tableExists(f"{schema}.{name}")

    def update(self, full_name: str, owner: str | None) -> None:
        """Give a table or view to `owner`. Raises ApiError 404, or 400 for one of information_schema."""
        found = self._writable(full_name)
        if owner:
            self._notes.give("table", self._name(full_name), found["created_at"], owner)

    def delete(self, full_name: str) -> None:
        """Drop a table or view. Raises ApiError 404, or 400 for one of information_schema."""
        found = self._writable(full_name)
        kind = "VIEW" if found["type"] == "VIEW" else "TABLE"
        self._metastore.sql(f"DROP {kind} IF EXISTS `{found['schema']}`.`{found['name']}`")
        self._notes.forget("table", self._name(full_name))

    def _writable(self, full_name: str) -> SparkRelation:
        found = self._found(full_name)
        self._catalog.writable(full_name.rpartition(".")[0])
        return found

    def _name(self, full_name: str) -> str:
        catalog, schema, name = self._catalog.parts(full_name, 3)
        return f"{catalog}.{schema.lower()}.{name.lower()}"

    def _found(self, full_name: str) -> SparkRelation:
        _, schema, name = self._catalog.parts(full_name, 3)
        found = self._metastore.relations(schema, name)
        if not found:
            raise not_found(f"Table '{full_name}' does not exist")
        return found[0]

    def _table(self, catalog: str, found: SparkRelation) -> Table:
        if found["schema"] == INFORMATION_SCHEMA:
            return self._described(catalog, found, SYSTEM_USER, self._catalog.get_catalog(catalog)["created_at"])
        return self._described(catalog, found, self._notes.user, found["created_at"])

    def _described(self, catalog: str, found: SparkRelation, maker: str, created: int) -> Table:
        full_name = f"{catalog}.{found['schema']}.{found['name']}"
        given = self._notes.owner("table", full_name, created)
        table: Table = {
            "name": found["name"],
            "catalog_name": catalog,
            "schema_name": found["schema"],
            "full_name": full_name,
            "table_type": found["type"],
            "table_id": found["id"] or identifier("table", full_name, created),
            "metastore_id": self._catalog.metastore_id,
            "columns": [fields.column(field) for field in found["columns"]],
            "properties": found["properties"],
            "owner": given["owner"] if given else maker,
            "created_at": created,
            "created_by": maker,
            "updated_at": max(created, found["updated_at"], given["updated_at"] if given else 0),
            "updated_by": maker,
        }
        return _with_what_applies(table, found)


def _with_what_applies(table: Table, found: SparkRelation) -> Table:
    if found["format"]:
        table["data_source_format"] = found["format"]
    if found["location"]:
        table["storage_location"] = unquote(urlsplit(found["location"]).path)
    if found["view_text"]:
        table["view_definition"] = found["view_text"]
    if found["comment"]:
        table["comment"] = found["comment"]
    if pipeline := found["properties"].get("pipelines.pipelineId"):
        table["pipeline_id"] = pipeline
    return table


def _like(pattern: str) -> re.Pattern[str]:
    """A pattern of SQL's LIKE; every text matches an empty one. Names are in lower case."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in pattern.lower()) or ".*")
