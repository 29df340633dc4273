"""Running an agent over its scenarios, scoring the traces of that with `mlflow.genai.evaluate`, and the table of it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import environ
from typing import TYPE_CHECKING
from unittest.mock import patch

from caspers.evaluation.scenarios import Scenario, Scenarios

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Trace
    from mlflow.genai.scorers import Scorer
    from mlflow.pyfunc import ResponsesAgent

    from caspers.platform.connect import Workbook

AT_ONCE = 4
_SETTINGS = {
    "MLFLOW_GENAI_EVAL_MAX_WORKERS": str(AT_ONCE),
    "MLFLOW_GENAI_EVAL_MAX_SCORER_WORKERS": "1",
    "MLFLOW_GENAI_EVAL_PREDICT_RATE_LIMIT": "0",
}  # what is scored here is answered already


def evaluate(
    ws: "Workbook", agent: "ResponsesAgent", scenarios: Scenarios, judges: "Sequence[Scorer]" = ()
) -> "pd.DataFrame":
    """Ask the agent every scenario and score its answers; `agent` looks facts up with `scenarios.lookup`.

    Returns one row a scenario (its name is the index): kind, one column of yes or no a scorer, and why if any said no.
    The traces and their scores are in the experiment `/Shared/caspers_…_evaluation`.
    """
    with silent(ws):
        from caspers.evaluation import scorers

        ws.mlflow.set_experiment(f"/Shared/caspers_{scenarios.agent}_evaluation")
        traces = _answers(ws, agent.predict, scenarios)
        expected = [{"right": [right.model_dump() for right in each.answers]} for each in scenarios.scenarios]
        scored = score(ws, traces, [*scorers.ALWAYS, *scorers.EXPECTING, *judges], expected)
    scored.insert(0, "kind", [each.kind for each in scenarios.scenarios])
    scored.index = [each.name for each in scenarios.scenarios]
    return scored.rename_axis("scenario")


def score(
    ws: "Workbook", traces: "Sequence[Trace]", scorers: "Sequence[Scorer]", expected: Sequence[dict] | None = None
) -> "pd.DataFrame":
    """One row a trace, in their order: what each scorer says of it, and `why` if any said no.

    The scores are kept with the traces, which have to be in the current experiment.
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
    """Keep what MLflow shows (traces, progress bars, ids of runs) out of a notebook; errors are raised."""
    from IPython.utils.capture import capture_output

    ws.mlflow.tracing.disable_notebook_display()
    with capture_output():
        yield


def _answers(ws: "Workbook", predict: Callable[[dict], object], scenarios: Scenarios) -> "list[Trace]":
    """The traces of the agent's answers, in the order of the scenarios."""

    def ask(scenario: Scenario) -> str:
        predict(scenarios.request(scenario))
        return ws.mlflow.get_last_active_trace_id(thread_local=True)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evaluate") as pool:
        ids = list(pool.map(ask, scenarios.scenarios))
    ws.mlflow.flush_trace_async_logging()
    found = ws.mlflow.search_traces(return_type="list", max_results=len(ids), order_by=["timestamp_ms DESC"])
    known = {trace.info.trace_id: trace for trace in found}
    return [known.get(each) or ws.mlflow.get_trace(each) for each in ids]


def _why(row: "pd.Series", names: Sequence[str]) -> str:
    """What the scorers that said no had to say, or that they failed."""
    said = (
        (name, row.get(f"{name}/rationale"), row.get(f"{name}/error_message"))
        for name in names
        if row[f"{name}/value"] not in (True, "yes")
    )
    reasons = ((name, next((each for each in told if isinstance(each, str)), "not scored")) for name, *told in said)
    return "; ".join(f"{name}: {reason}" for name, reason in reasons)
