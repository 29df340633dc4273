"""The file that MLflow logs as the stand-in's model (models from code): whole requests in, completions out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from caspers.standin import chat
from caspers.standin.conversation import BadRequest, Json


class OfflinePolicy(PythonModel):
    """`caspers.standin.chat` behind MLflow's interface.

    `model_input` has no type hint, so that MLflow passes a request through untouched.
    """

    @override
    def predict(self, context, model_input, params=None) -> Json:  # type: ignore[no-untyped-def]  # as above
        """A chat completion for a whole request."""
        with _as_mlflow_errors():
            return chat.complete(model_input)

    @override
    def predict_stream(self, context, model_input, params=None) -> Iterator[Json]:  # type: ignore[no-untyped-def]
        """The completion's chunks."""
        with _as_mlflow_errors():
            yield from chat.complete_stream(model_input)


@contextmanager
def _as_mlflow_errors() -> Iterator[None]:
    """Turn a BadRequest into MLflow's error for invalid parameters, which an endpoint answers with status 400."""
    try:
        yield
    except BadRequest as fault:
        raise MlflowException.invalid_parameter_value(str(fault), param=fault.param) from fault


set_model(OfflinePolicy())
