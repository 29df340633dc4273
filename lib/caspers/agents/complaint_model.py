"""The file that MLflow logs as the complaint agent's model (models from code); `model_config` has its settings."""

from mlflow.models import ModelConfig, set_model

from caspers.agents.complaint_agent import ComplaintAgent

settings = ModelConfig(development_config={"llm_model": ""}).to_dict()  # type: ignore[no-untyped-call]  # MLflow's
set_model(ComplaintAgent(**settings))
