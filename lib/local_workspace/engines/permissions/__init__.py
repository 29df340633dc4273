"""Permissions on jobs, pipelines, folders, notebooks, experiments, warehouses and endpoints."""

from local_workspace.engines.permissions.engine import Found, PermissionsEngine

__all__ = ["Found", "PermissionsEngine"]
