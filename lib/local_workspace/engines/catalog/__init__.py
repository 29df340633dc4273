"""Unity Catalog: catalog, schemas, volumes, tables and functions by name, and grants on them."""

from local_workspace.engines.catalog.grants import Change
from local_workspace.engines.catalog.tables import TablesEngine
from local_workspace.engines.catalog.unity import UnityCatalog, unity_catalog

__all__ = ["Change", "TablesEngine", "UnityCatalog", "unity_catalog"]
