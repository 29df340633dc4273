"""Model serving: one process per endpoint, or an external OpenAI-compatible server."""

from local_workspace.engines.serving.budget import Limits
from local_workspace.engines.serving.calls import Traffic
from local_workspace.engines.serving.card import Card
from local_workspace.engines.serving.endpoint import Lease
from local_workspace.engines.serving.engine import ServingEngine
from local_workspace.engines.serving.entity import ExternalTarget
from local_workspace.engines.serving.gateway import Gateway, Refusal

__all__ = ["Card", "ExternalTarget", "Gateway", "Lease", "Limits", "Refusal", "ServingEngine", "Traffic"]
