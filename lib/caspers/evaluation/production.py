"""Scoring a tenth of the production calls, with the scorers that need no expectations."""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caspers import names
from caspers.evaluation.run import score, silent

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import TraceInfo

    from caspers.platform.connect import Workbook

EXPERIMENTS = ("/Shared/caspers_refund_agent", "/Shared/caspers_complaint_agent")
"""Where the agents' models are logged; calls of their endpoints are traced there."""
SHARE = 0.10
NEWEST = 1000
_GRAIN = 10_000


@dataclass(frozen=True)
class Sample:
    """Calls found, how many of them are in the sample, and the scores of those scored now."""

    calls: int
    sampled: int
    scores: "pd.DataFrame"

    @property
    def failed(self) -> list[str]:
        """The reasons of the new scores that failed."""
        return [why for why in self.scores.why if why] if len(self.scores) else []


def score_sample(ws: "Workbook", experiment: str, share: float = SHARE) -> Sample:
    """Score the sampled ones of an endpoint's newest calls (at most 1,000), each once; scores stay with the traces.

    `experiment` is where the endpoint's model was logged. A hash of its trace's id decides whether a call is in the
    sample, which is the part `share` (0 to 1) of all calls. A call whose trace is incomplete is left for the next time.
    """
    import pandas as pd

    with silent(ws):
        from caspers.evaluation import scorers

        place = ws.mlflow.set_experiment(experiment)
        calls = ws.mlflow.search_traces(
            locations=[place.experiment_id],
            return_type="list",
            include_spans=False,
            max_results=NEWEST,
            order_by=["timestamp_ms DESC"],
        )
        sampled = [call.info for call in calls if in_sample(call.info.trace_id, share)]
        fresh = [ws.mlflow.get_trace(info.trace_id) for info in sampled if not _scored(info)]
        whole = [trace for trace in fresh if any(span.parent_id is None for span in trace.data.spans)]
        scores = score(ws, whole, scorers.WITHOUT_EXPECTATIONS) if whole else pd.DataFrame()
    return Sample(len(calls), len(sampled), scores)


def score_agents(ws: "Workbook", share: float = SHARE) -> dict[str, Sample]:
    """Score the sampled calls of every agent whose experiment exists, by its name."""
    experiments = [names.shared_id(name, ws.catalog) for name in EXPERIMENTS]
    existing = [name for name in experiments if ws.mlflow.get_experiment_by_name(name)]
    return {name: score_sample(ws, name, share) for name in existing}


def in_sample(trace_id: str, share: float) -> bool:
    """Whether a call belongs to the sample that is the part `share` of all calls."""
    return zlib.crc32(trace_id.encode()) % _GRAIN < round(share * _GRAIN)


def _scored(info: "TraceInfo") -> bool:
    return any(each.name == "schema" for each in info.assessments)
