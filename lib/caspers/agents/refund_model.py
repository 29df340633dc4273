"""The file that MLflow logs as the refund agent's model (models from code); its settings come from `model_config`."""

from mlflow.models import ModelConfig, set_model

from caspers.agents.refund_agent import RefundAgent

settings = ModelConfig(development_config={"llm_model": ""}).to_dict()  # type: ignore[no-untyped-call]  # MLflow's
set_model(RefundAgent(**settings))
