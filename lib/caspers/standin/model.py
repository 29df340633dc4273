"""The file that MLflow logs as the stand-in's model (models from code): whole requests in, completions out."""

from collections.abc import Iterator

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from caspers.standin import chat


class OfflinePolicy(PythonModel):
    """`caspers.standin.chat` behind MLflow's interface.

    `model_input` has no type hint and the model no signature, so that MLflow passes a request through untouched.
    """

    def predict(self, context, model_input, params=None) -> dict:
        """A chat completion for a whole request."""
        return chat.complete(model_input)

    def predict_stream(self, context, model_input, params=None) -> Iterator[dict]:
        """The completion's chunks."""
        yield from chat.complete_stream(model_input)


set_model(OfflinePolicy())
