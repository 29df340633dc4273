"""Declarative pipelines: specs, updates, and the loop that keeps a continuous one up to date."""

from local_workspace.engines.pipelines.engine import PipelinesEngine

__all__ = ["PipelinesEngine"]
