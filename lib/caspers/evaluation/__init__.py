"""How good an agent is: versioned scenarios, scorers in code, and the gate before `champion`."""

from caspers.evaluation.gate import GateClosed, by_kind, gate
from caspers.evaluation.production import score_agents, score_sample
from caspers.evaluation.run import evaluate
from caspers.evaluation.scenarios import load

__all__ = ["GateClosed", "by_kind", "evaluate", "gate", "load", "score_agents", "score_sample"]
