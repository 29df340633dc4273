"""Expectations of a pipeline's datasets: conditions whose violations are counted, drop rows or fail the update.

Open Spark has none, so the decorators of Databricks' `pyspark.pipelines` are added to its module here
(https://docs.databricks.com/aws/en/ldp/expectations). A row for which a condition is null does not meet it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Action = Literal["ALLOW", "DROP", "FAIL"]
ATTRIBUTE = "__expectations__"
PREFIX = "expectations of "
_ACTIONS: dict[str, Action] = {"": "ALLOW", "_or_drop": "DROP", "_or_fail": "FAIL"}


@dataclass(frozen=True)
class Expectation:
    """A condition in SQL that each row should meet, and the action for rows that don't."""

    name: str
    condition: str
    action: Action


class Counted(TypedDict):
    """How many rows met an expectation, in the shape of Databricks' event log."""

    name: str
    dataset: str
    passed_records: int
    failed_records: int


class Quality(TypedDict):
    """The content of an event's `details.flow_progress.data_quality`."""

    dropped_records: int
    expectations: list[Counted]


Declare = Callable[[Iterable[Expectation], Any], Any]


def decorators(declare: Declare) -> dict[str, Callable[..., Any]]:
    """`expect`, `expect_or_drop`, `expect_or_fail` and the `_all` form of each.

    Each calls `declare` with its expectations and the decorated object.
    """
    found: dict[str, Callable[..., Any]] = {}
    for suffix, action in _ACTIONS.items():
        found[f"expect{suffix}"] = _single(declare, action)
        found[f"expect_all{suffix}"] = _several(declare, action)
    return found


def of_all(conditions: Mapping[str, str], action: Action) -> list[Expectation]:
    """An expectation for each name and condition."""
    return [Expectation(name, condition, action) for name, condition in conditions.items()]


def of_options(options: dict[str, Any]) -> list[Expectation]:
    """Remove the expectations from the options of `create_streaming_table` and return them."""
    return [
        expectation
        for suffix, action in _ACTIONS.items()
        for expectation in of_all(options.pop(f"expect_all{suffix}", None) or {}, action)
    ]


def observed(frame: DataFrame, dataset: str, expectations: list[Expectation]) -> DataFrame:
    """A stream's rows without those that its expectations drop; Spark reports the counts with each batch."""
    frame = frame.observe(PREFIX + dataset, *_counts(expectations))
    for expectation in expectations:
        if expectation.action == "FAIL":
            message = f"{violation(dataset, [expectation.name])} The row: "
            broken = F.raise_error(F.concat(F.lit(message), F.to_json(F.struct("*"))))
            frame = frame.filter(F.when(_met(expectation), True).otherwise(broken.cast("boolean")))
    return kept(frame, expectations)


def counts_of(frame: DataFrame, expectations: list[Expectation]) -> dict[str, int]:
    """The numbers of rows that `quality` reads; runs the query."""
    [row] = frame.agg(*_counts(expectations)).collect()
    return {name: int(count) for name, count in row.asDict().items()}


def kept(frame: DataFrame, expectations: list[Expectation]) -> DataFrame:
    """The rows that no expectation drops."""
    for expectation in expectations:
        if expectation.action == "DROP":
            frame = frame.filter(_met(expectation))
    return frame


def quality(dataset: str, expectations: list[Expectation], counts: Mapping[str, int]) -> Quality:
    """The event log's entry for counted rows."""
    counted: list[Counted] = [
        {
            "name": expectation.name,
            "dataset": dataset,
            "passed_records": counts[f"met_{position}"],
            "failed_records": counts["total"] - counts[f"met_{position}"],
        }
        for position, expectation in enumerate(expectations)
    ]
    return {"dropped_records": counts["total"] - counts["kept"], "expectations": counted}


def violation(dataset: str, names: list[str]) -> str:
    """The message of an update that fails because of its expectations."""
    return f"Flow '{dataset}' failed to meet the expectation. Violated expectations: {', '.join(map(repr, names))}."


def _single(declare: Declare, action: Action) -> Callable[..., Any]:
    def expect(name: str, inv: str) -> Callable[[Any], Any]:
        return lambda query: declare([Expectation(name, inv, action)], query)

    return expect


def _several(declare: Declare, action: Action) -> Callable[..., Any]:
    def expect_all(expectations: Mapping[str, str]) -> Callable[[Any], Any]:
        return lambda query: declare(of_all(expectations, action), query)

    return expect_all


def _counts(expectations: list[Expectation]) -> list[Any]:
    drops = [_met(expectation) for expectation in expectations if expectation.action == "DROP"]
    stays = F.lit(True)
    for met in drops:
        stays = stays & met
    met_by = [F.count_if(_met(each)).alias(f"met_{position}") for position, each in enumerate(expectations)]
    return [F.count(F.lit(1)).alias("total"), F.count_if(stays).alias("kept"), *met_by]


def _met(expectation: Expectation) -> Any:
    return F.coalesce(F.expr(expectation.condition).cast("boolean"), F.lit(False))
