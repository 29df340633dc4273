"""Continuous sync of Delta tables to Postgres."""

from local_workspace.engines.sync.documents import Wanted
from local_workspace.engines.sync.engine import SyncEngine
from local_workspace.engines.sync.lake import Lake

__all__ = ["Lake", "SyncEngine", "Wanted"]
