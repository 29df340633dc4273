"""An agent's answer as the scorers read it, from a response or from the trace of one."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Saying:
    """What was answered: the parsed answer (empty if it is no JSON object) and its `custom_outputs`."""

    answer: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> float | None:
        """The refund or credit in US dollars."""
        return self.answer.get("refund_usd", self.answer.get("credit_amount"))

    @property
    def decision(self) -> str | None:
        """The refund's class, or the decision about a complaint."""
        return self.answer.get("refund_class", self.answer.get("decision"))

    @property
    def derivation(self) -> str:
        """The sentence that derives the amount, for the staff."""
        return str(self.answer.get("reason") or self.answer.get("rationale") or "")

    @property
    def told(self) -> str:
        """What a customer gets to read; of a refund that is its reason."""
        return str(self.answer.get("customer_response") or self.answer.get("reason") or "")


def read(response: dict | None) -> list[Saying]:
    """What a response of the Responses API says: one saying an output item, at least one.

    `custom_outputs` belongs to the one answer, or has those of several under `decisions`.
    """
    response = response or {}
    items = response.get("output") or [{}]
    outputs = response.get("custom_outputs") or {}
    several = outputs.get("decisions") or [outputs]
    return [Saying(_answer(item), one) for item, one in zip(items, several, strict=True)]


def _answer(item: dict) -> dict[str, Any]:
    try:
        answer = json.loads("".join(part.get("text") or "" for part in item.get("content") or []))
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def figures(text: str) -> set[float]:
    """All numbers in a text."""
    return {float(number.replace(",", "")) for number in _FIGURE.findall(text)}
