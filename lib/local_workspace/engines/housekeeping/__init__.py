"""What keeps a workspace that runs for weeks from filling the disk."""

from local_workspace.engines.housekeeping.engine import HousekeepingEngine

__all__ = ["HousekeepingEngine"]
