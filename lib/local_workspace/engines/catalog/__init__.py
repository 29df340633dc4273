"""Unity Catalog: the names of things, and who was granted what."""

from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.functions import FunctionsEngine
from local_workspace.engines.catalog.grants import Change, GrantsEngine
from local_workspace.engines.catalog.metastore import Metastore
from local_workspace.engines.catalog.tables import TablesEngine

__all__ = ["CatalogEngine", "Change", "FunctionsEngine", "GrantsEngine", "Metastore", "TablesEngine"]
