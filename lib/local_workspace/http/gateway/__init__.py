"""The gateway in front of each app: it signs callers in and tells the app who they are."""

from local_workspace.http.gateway.callers import Workspace
from local_workspace.http.gateway.listener import listen

__all__ = ["Workspace", "listen"]
