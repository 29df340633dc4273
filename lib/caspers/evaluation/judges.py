"""A language model as judge of what code can't check; only where LLM_MODEL is a language model."""

from typing import TYPE_CHECKING

from caspers.standin import model_endpoint

if TYPE_CHECKING:
    from mlflow.genai.scorers import Scorer

    from caspers.platform.connect import Workbook

GUIDELINES = {
    "kind": "The text that a customer gets to read is friendly and calm, also towards a customer who is rude.",
    "plain": "The derivation of the amount can be followed by a reader who knows only the figures that it names.",
}


def available(ws: "Workbook", llm_model: str) -> "list[Scorer]":
    """A judge for each guideline, on the endpoint `llm_model`; none if only the stand-in is behind it."""
    if not model_endpoint.has_language_model(ws):
        return []
    from mlflow.deployments import set_deployments_target
    from mlflow.genai.scorers import Guidelines

    set_deployments_target("databricks")  # endpoints:/ are those of the workspace
    model = f"endpoints:/{llm_model}"
    return [Guidelines(name=name, guidelines=text, model=model) for name, text in GUIDELINES.items()]
