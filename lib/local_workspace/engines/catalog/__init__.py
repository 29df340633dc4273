"""Unity Catalog: catalog, schemas, volumes, tables and functions by name, and grants on them."""

from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.functions import FunctionsEngine
from local_workspace.engines.catalog.grants import Change, GrantsEngine
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.tables import TablesEngine

__all__ = ["CatalogEngine", "Change", "FunctionsEngine", "GrantsEngine", "Metastore", "TablesEngine"]
