"""Users, service principals, the groups that they are in, and service principals' OAuth secrets."""

from local_workspace.engines.identity.engine import IdentityEngine

__all__ = ["IdentityEngine"]
