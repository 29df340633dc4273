"""The comparison of a condition_task.

EQUAL_TO and NOT_EQUAL compare texts, the others numbers (the SDK's docstring of `ConditionTaskOp`).
"""

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from local_workspace.engines.jobs.documents import ConditionTask
from local_workspace.runtime.errors import invalid

_TEXTS: dict[str, Callable[[str, str], bool]] = {"EQUAL_TO": operator.eq, "NOT_EQUAL": operator.ne}
_NUMBERS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
OPERATORS = (*_TEXTS, *_NUMBERS)


def outcome(condition: ConditionTask) -> str:
    """ "true" or "false". Raises ApiError 400 if numbers are compared and an operand is none."""
    left, right = condition["left"], condition["right"]
    if compare := _TEXTS.get(condition["op"]):
        return str(compare(left, right)).lower()
    return str(_NUMBERS[condition["op"]](_number(left, condition["op"]), _number(right, condition["op"]))).lower()


def _number(text: str, op: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise invalid(f"{op} compares numbers; {text!r} is none.") from None
    if number.is_nan():
        raise invalid(f"{op} compares numbers; {text!r} is none.")
    return number
