"""Secret scopes: values that only their readers see."""

from local_workspace.engines.secrets.engine import SecretsEngine

__all__ = ["SecretsEngine"]
