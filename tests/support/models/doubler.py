"""An ordinary MLflow model for tests: rows in, numbers out."""

from typing import override

import mlflow
from mlflow.pyfunc import PythonModel


class Doubler(PythonModel):
    """Twice the column `x`."""

    @override
    def predict(self, context, model_input, params=None):
        """A list of numbers, one a row."""
        return [int(x) * 2 for x in model_input["x"]]


mlflow.models.set_model(Doubler())
