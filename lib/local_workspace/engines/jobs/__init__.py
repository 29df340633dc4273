"""Jobs: notebooks and pipelines on a schedule or on demand, with their history."""

from local_workspace.engines.jobs.engine import JobsEngine

__all__ = ["JobsEngine"]
