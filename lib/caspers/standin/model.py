"""The file that MLflow logs as the stand-in's model (models from code): whole requests in, completions out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from caspers.standin import chat
from caspers.standin.conversation import BadRequest


class OfflinePolicy(PythonModel):
    """`caspers.standin.chat` behind MLflow's interface.

    `model_input` has no type hint and the model no signature, so that MLflow passes a request through untouched.
    """

    @override
    def predict(self, context, model_input, params=None) -> dict:
        """A chat completion for a whole request."""
        with _told():
            return chat.complete(model_input)

    @override
    def predict_stream(self, context, model_input, params=None) -> Iterator[dict]:
        """The completion's chunks."""
        with _told():
            yield from chat.complete_stream(model_input)


@contextmanager
def _told() -> Iterator[None]:
    """A request's fault in MLflow's words, with the part that is wrong."""
    try:
        yield
    except BadRequest as fault:
        raise MlflowException.invalid_parameter_value(str(fault), param=fault.param) from fault


set_model(OfflinePolicy())
