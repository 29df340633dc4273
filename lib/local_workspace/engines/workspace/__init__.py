"""Workspace files and notebooks."""

from local_workspace.engines.workspace.files import WorkspaceFiles

__all__ = ["WorkspaceFiles"]
