"""Signatures of the models in `models/`: Unity Catalog registers no model without one."""

from mlflow.models import ModelSignature
from mlflow.types.llm import CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA
from mlflow.types.schema import ColSpec, Schema

CHAT = ModelSignature(CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA)
DOUBLER = ModelSignature(Schema([ColSpec("long", "x")]), Schema([ColSpec("long")]))
