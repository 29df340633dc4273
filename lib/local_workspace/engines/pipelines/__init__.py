"""Declarative pipelines: specs, updates, and the loop that updates a continuous one."""

from local_workspace.engines.pipelines.engine import PipelinesEngine

__all__ = ["PipelinesEngine"]
