"""Continuous sync of Delta tables to Postgres."""

from local_workspace.engines.sync.engine import SyncEngine

__all__ = ["SyncEngine"]
