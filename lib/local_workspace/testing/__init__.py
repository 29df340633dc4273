"""For the tests of projects on Databricks: a local workspace as a pytest fixture."""

from local_workspace.testing.workspace import DatabricksWorkspace

__all__ = ["DatabricksWorkspace"]
