"""The trace of a call, which its answer holds if the request asks for it, as on Databricks.

Source: mlflow/genai/evaluation/base.py sends `databricks_options` and reads `databricks_output`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import mlflow
from mlflow.tracing.constant import DATABRICKS_OPTIONS_KEY, DATABRICKS_OUTPUT_KEY, RETURN_TRACE_OPTION_KEY

OPTIONS, OUTPUT = DATABRICKS_OPTIONS_KEY, DATABRICKS_OUTPUT_KEY

Json = dict[str, Any]


def with_trace(body: Mapping[str, Any], answer: Callable[[], Json]) -> Json:
    """What `answer` returns, with the trace of that call if `body` asks for it and the call was traced."""
    options = body.get(OPTIONS)
    if not isinstance(options, dict) or options.get(RETURN_TRACE_OPTION_KEY) is not True:
        return answer()
    before = mlflow.get_last_active_trace_id(thread_local=True)
    answered = answer()
    trace_id = mlflow.get_last_active_trace_id(thread_local=True)
    trace = mlflow.get_trace(trace_id, silent=True, flush=True) if trace_id and trace_id != before else None
    return {**answered, OUTPUT: {"trace": json.loads(trace.to_json())}} if trace else answered
