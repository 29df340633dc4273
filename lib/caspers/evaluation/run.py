"""Running an agent over its scenarios and scoring the traces with `mlflow.genai.evaluate`; the result is a table."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import environ
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from caspers import names
from caspers.evaluation.scenarios import Scenario, Scenarios

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Trace
    from mlflow.genai.scorers import Scorer
    from mlflow.pyfunc.model import ResponsesAgent

    from caspers.platform.connect import Workbook

MAX_CALLS = 4
_SETTINGS = {
    "MLFLOW_GENAI_EVAL_MAX_WORKERS": str(MAX_CALLS),
    "MLFLOW_GENAI_EVAL_MAX_SCORER_WORKERS": "1",
    "MLFLOW_GENAI_EVAL_PREDICT_RATE_LIMIT": "0",
}  # the answers exist already when they are scored


def evaluate(
    ws: "Workbook", agent: "ResponsesAgent", scenarios: Scenarios, judges: "Sequence[Scorer]" = ()
) -> "pd.DataFrame":
    """Call the agent with every scenario and score its answers; `agent` looks facts up with `scenarios.lookup`.

    Returns one row per scenario, by name: its kind, a boolean column per scorer, and `why` if any failed.
    The traces and their scores are in the experiment `/Shared/caspers_…_evaluation`.
    """
    with silent(ws):
        from caspers.evaluation import scorers

        ws.mlflow.set_experiment(names.shared_id(f"/Shared/caspers_{scenarios.agent}_evaluation", ws.catalog))
        traces = _answers(ws, agent.predict, scenarios)
        expected = [{"right": [right.model_dump() for right in each.answers]} for each in scenarios.scenarios]
        scored = score(ws, traces, [*scorers.WITHOUT_EXPECTATIONS, *scorers.WITH_EXPECTATIONS, *judges], expected)
    scored.insert(0, "kind", [each.kind for each in scenarios.scenarios])
    scored.index = [each.name for each in scenarios.scenarios]
    return scored.rename_axis("scenario")


def score(
    ws: "Workbook",
    traces: "Sequence[Trace]",
    scorers: "Sequence[Scorer]",
    expected: Sequence[dict[str, Any]] | None = None,
) -> "pd.DataFrame":
    """One row per trace, in their order: a boolean column per scorer, and `why` if any failed.

    The scores are stored with the traces, which have to be in the current experiment.
    """
    import pandas as pd

    data = pd.DataFrame({"trace": traces, **({"expectations": expected} if expected else {})})
    with patch.dict(environ, _SETTINGS):
        result = ws.mlflow.genai.evaluate(data=data, scorers=list(scorers)).result_df.set_index("trace_id")
    result = result.reindex([trace.info.trace_id for trace in traces])
    names = [each.name for each in scorers]
    table = pd.DataFrame({name: result[f"{name}/value"].isin([True, "yes"]) for name in names})
    return table.assign(why=[_why(row, names) for _, row in result.iterrows()]).reset_index(drop=True)


@contextmanager
def silent(ws: "Workbook") -> Iterator[None]:
    """Keep what MLflow displays (traces, progress bars, run ids) out of a notebook; errors are raised."""
    from IPython.utils.capture import capture_output

    ws.mlflow.tracing.disable_notebook_display()
    with capture_output():
        yield


def _answers(ws: "Workbook", predict: Callable[[Any], object], scenarios: Scenarios) -> "list[Trace]":
    """The traces of the agent's answers, in the order of the scenarios."""

    def call(scenario: Scenario) -> str:
        predict(scenarios.request(scenario))
        return str(ws.mlflow.get_last_active_trace_id(thread_local=True))

    with ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="evaluate") as pool:
        ids = list(pool.map(call, scenarios.scenarios))
    ws.mlflow.flush_trace_async_logging()
    found = ws.mlflow.search_traces(return_type="list", max_results=len(ids), order_by=["timestamp_ms DESC"])
    known = {trace.info.trace_id: trace for trace in found}
    return [known.get(each) or ws.mlflow.get_trace(each) for each in ids]


def _why(row: "pd.Series", names: Sequence[str]) -> str:
    """The reasons of the scorers that failed, or the errors that they raised."""
    failed = (name for name in names if row[f"{name}/value"] not in (True, "yes"))
    return "; ".join(f"{name}: {_reason(row, name)}" for name in failed)


def _reason(row: "pd.Series", name: str) -> str:
    given = (row.get(f"{name}/rationale"), row.get(f"{name}/error_message"))
    return next((each for each in given if isinstance(each, str)), "not scored")
