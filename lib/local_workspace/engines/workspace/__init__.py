"""Workspace files and notebooks."""

from local_workspace.engines.workspace.files import KINDS, Place, WorkspaceFiles

__all__ = ["KINDS", "Place", "WorkspaceFiles"]
