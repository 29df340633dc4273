"""The `filter` of a pipeline's events: conditions on level, id, timestamp and update_id, joined by AND.

The first three are documented (https://docs.databricks.com/api/workspace/pipelines/listpipelineevents); `databricks
bundle run` sends the last.
"""

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime

from local_workspace.engines.pipelines.documents import Event
from local_workspace.runtime.errors import invalid

Condition = Callable[[Event], bool]

LEVELS = ("ERROR", "WARN", "INFO", "METRICS")
_TEXT = r"'(?:[^']|'')*'"
_CONDITION = re.compile(
    rf"\s*(?P<field>\w+)\s*(?:(?P<operator>=|<=|>=|<|>)\s*(?P<value>{_TEXT})"
    rf"|in\s*\(\s*(?P<list>{_TEXT}(?:\s*,\s*{_TEXT})*)\s*\))\s*",
    re.I,
)
_AND = re.compile(r"and\b", re.I)
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matching(text: str | None) -> Condition:
    """The condition that a filter's text describes; without a text it selects all events. Raises 400."""
    conditions = _conditions(text) if text and text.strip() else []
    return lambda event: all(condition(event) for condition in conditions)


def _conditions(text: str) -> list[Condition]:
    found: list[Condition] = []
    at = 0
    while True:
        part = _CONDITION.match(text, at)
        if part is None:
            raise _refused(text)
        found.append(_condition(part, text))
        if part.end() == len(text):
            return found
        joint = _AND.match(text, part.end())
        if joint is None:
            raise _refused(text)
        at = joint.end()


def _condition(part: re.Match[str], text: str) -> Condition:
    field, sign = part["field"].lower(), part["operator"] or "="
    values = [value[1:-1].replace("''", "'") for value in re.findall(_TEXT, part["list"] or part["value"])]
    if field == "timestamp" and part["operator"]:
        moment, compare = _moment(values[0]), _COMPARE[sign]
        return lambda event: compare(_moment(event["timestamp"]), moment)
    if sign != "=" or (field == "level" and not set(values) <= set(LEVELS)):
        raise _refused(text)
    if field == "level":
        return lambda event: event["level"] in values
    if field == "id":
        return lambda event: event["id"] in values
    if field == "update_id":
        return lambda event: event["origin"]["update_id"] in values
    raise _refused(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"filter: {text!r} is not a time; write it like '2021-07-22T06:37:33.083Z'.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refused(text: str) -> Exception:
    return invalid(
        f"filter: \"{text}\" is not supported; use conditions such as level = 'ERROR', level in ('ERROR', 'WARN'), "
        "timestamp >= '2021-07-22T06:37:33.083Z', id = '…' or update_id = '…', joined by AND."
    )
