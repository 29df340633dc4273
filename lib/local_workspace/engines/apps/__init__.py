"""Databricks Apps: web apps deployed from workspace folders, each a process of its own."""

from local_workspace.engines.apps.engine import AppsEngine

__all__ = ["AppsEngine"]
