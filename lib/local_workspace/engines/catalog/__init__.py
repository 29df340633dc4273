"""Unity Catalog: the names of things, and who was granted what."""

from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.grants import GrantsEngine

__all__ = ["CatalogEngine", "GrantsEngine"]
