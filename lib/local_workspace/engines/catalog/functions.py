"""SQL functions of the catalog."""

from local_workspace.engines.catalog import fields
from local_workspace.engines.catalog.documents import Function, SparkRoutine
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.ids import identifier
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.models.names import no_model


class FunctionsEngine:
    """Finds, lists, gives away and drops SQL functions; they are made with SQL."""

    def __init__(self, notes: SparkNotes, metastore: Metastore, catalog: CatalogEngine) -> None:
        self._notes, self._metastore, self._catalog = notes, metastore, catalog

    def list(self, catalog: str, schema: str) -> list[Function]:
        """The SQL functions of a schema, by name. Raises ApiError 404."""
        self._catalog.get_schema(f"{catalog}.{schema}")
        return [self._function(catalog, found) for found in self._metastore.routines(schema)]

    def get(self, full_name: str) -> Function:
        """A SQL function. Raises ApiError 404."""
        catalog, schema, name = self._catalog.parts(full_name, 3)
        found = self._metastore.routines(schema, name)
        if not found:
            raise no_model(full_name)
        return self._function(catalog, found[0])

    def update(self, full_name: str, owner: str | None) -> Function:
        """Give a function to `owner`. Raises ApiError 404."""
        function = self.get(full_name)
        if owner:
            self._notes.give("function", function["full_name"], function["created_at"], owner)
        return self.get(full_name)

    def delete(self, full_name: str) -> None:
        """Drop a SQL function. Raises ApiError 404."""
        function = self.get(full_name)
        self._metastore.sql(f"DROP FUNCTION IF EXISTS `{function['schema_name']}`.`{function['name']}`")
        self._notes.forget("function", function["full_name"])

    def _function(self, catalog: str, found: SparkRoutine) -> Function:
        full_name = f"{catalog}.{found['schema']}.{found['name']}"
        given, returns = self._notes.owner("function", full_name, found["created_at"]), found["returns"]
        function: Function = {
            "name": found["name"],
            "catalog_name": catalog,
            "schema_name": found["schema"],
            "full_name": full_name,
            "function_id": identifier("function", full_name, found["created_at"]),
            "metastore_id": self._catalog.metastore_id,
            "input_params": fields.parameters(found["parameters"], "PARAM"),
            "data_type": returns["type_name"] if returns else "TABLE_TYPE",
            "full_data_type": returns["type_text"] if returns else "TABLE",
            "routine_body": "SQL",
            "routine_definition": found["definition"],
            "parameter_style": "S",
            "is_deterministic": bool(found["is_deterministic"]),
            "sql_data_access": "READS_SQL_DATA" if found["reads_data"] else "CONTAINS_SQL",
            "is_null_call": False,
            "security_type": "DEFINER",
            "specific_name": found["name"],
            "owner": given["owner"] if given else self._notes.user,
            "created_at": found["created_at"],
            "created_by": self._notes.user,
            "updated_at": given["updated_at"] if given else found["created_at"],
            "updated_by": self._notes.user,
        }
        if found["comment"]:
            function["comment"] = found["comment"]
        if found["return_columns"] is not None:
            function["return_params"] = fields.parameters(found["return_columns"], "COLUMN")
        return function
