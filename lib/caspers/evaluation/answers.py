"""An agent's answer as the scorers read it, from a response or from its trace."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class AgentAnswer:
    """One answer: the fields of its JSON object (none if it isn't one) and its `custom_outputs`."""

    fields: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> float | None:
        """The refund or credit in US dollars."""
        amount: float | None = self.fields.get("refund_usd", self.fields.get("credit_amount"))
        return amount

    @property
    def decision(self) -> str | None:
        """The refund's class, or the decision about a complaint."""
        decision: str | None = self.fields.get("refund_class", self.fields.get("decision"))
        return decision

    @property
    def derivation(self) -> str:
        """The sentence that derives the amount, for the staff."""
        return str(self.fields.get("reason") or self.fields.get("rationale") or "")

    @property
    def customer_text(self) -> str:
        """What the customer reads; for a refund, its reason."""
        return str(self.fields.get("customer_response") or self.fields.get("reason") or "")


def read_answers(response: dict[str, Any] | None) -> list[AgentAnswer]:
    """The answers in a response of the Responses API: one per output item, at least one.

    `custom_outputs` is that of the only answer, or has a list of them under `decisions`.
    """
    response = response or {}
    items = response.get("output") or [{}]
    outputs = response.get("custom_outputs") or {}
    several = outputs.get("decisions") or [outputs]
    return [AgentAnswer(_answer(item), one) for item, one in zip(items, several, strict=True)]


def _answer(item: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = json.loads("".join(part.get("text") or "" for part in item.get("content") or []))
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def numbers_in(text: str) -> set[float]:
    """All numbers in a text."""
    return {float(number.replace(",", "")) for number in _FIGURE.findall(text)}
