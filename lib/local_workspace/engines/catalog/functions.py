"""SQL functions of the catalog."""

from local_workspace.engines.catalog.documents import Function
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.runtime.errors import not_found


class FunctionsEngine:
    """Finds, lists and drops SQL functions; they are made with SQL."""

    def __init__(self, metastore: Metastore, catalog: CatalogEngine) -> None:
        self._metastore, self._catalog = metastore, catalog

    def list(self, catalog: str, schema: str) -> list[Function]:
        """The SQL functions of a schema, by name."""
        self._catalog.get_schema(f"{catalog}.{schema}")
        rows = self._metastore.sql(f"SHOW USER FUNCTIONS IN `{schema}`")
        # Delta's own table functions are shown too, without a schema in front.
        names = sorted(row[0].rsplit(".", 1)[-1] for row in rows if row[0].split(".")[-2:-1] == [schema])
        return [_function(catalog, schema, name) for name in names]

    def get(self, full_name: str) -> Function:
        """A SQL function. Raises ApiError 404."""
        catalog, schema, name = self._catalog.parts(full_name, 3)
        with self._metastore.session() as session:
            if not session.catalog.functionExists(f"{schema}.{name}"):
                raise not_found(f"Function '{full_name}' does not exist")
        return _function(catalog, schema, name)

    def delete(self, full_name: str) -> None:
        """Drop a SQL function. Raises ApiError 404."""
        function = self.get(full_name)
        self._metastore.sql(f"DROP FUNCTION IF EXISTS `{function['schema_name']}`.`{function['name']}`")


def _function(catalog: str, schema: str, name: str) -> Function:
    return {
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": f"{catalog}.{schema}.{name}",
        "routine_body": "SQL",
    }
