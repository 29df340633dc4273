"""The kitchens' written complaint policy: a credit follows the evidence, not the claim.

A delay is checked against the order's own minutes: up to its location's P75 there is no credit, up to P99 15% of
the total, beyond it 25%. A missing item is worth its price on the order. Food that was not right is worth 20% of
the total if one of several items is named, 40% if all are, 30% if the complaint doesn't say. Percentages are
rounded to the half dollar, and no credit exceeds the total. A person decides on billing, on service (no table
knows what was said at the door), on anything with a word of danger or law in it, and on what can't be checked: a
complaint that doesn't say what went wrong, or a missing item that is not on the order.
"""

import math
from dataclasses import dataclass
from typing import Literal

from caspers.complaints import Category, replies
from caspers.complaints.reading import Item, Reading
from caspers.refunds.policy import bounded

ANSWER_SCHEMA = "complaint_triage"
"""The name by which a request to a model asks for a `Triage`."""
DELAY_SHARES = {"within_p99": 0.15, "beyond_p99": 0.25}
QUALITY_SHARES = {"some": 0.20, "unsaid": 0.30, "all": 0.40}
STEP_USD = 0.5
HIGH_CREDIT_USD = 15.0


@dataclass(frozen=True)
class Evidence:
    """What is recorded of the order: minutes to 0.1 (None if not delivered), its location's P75 and P99, US dollars."""

    minutes: float | None
    p75: float
    p99: float
    total_usd: float
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Triage:
    """An answer to a complaint; its fields are those of `agent_response`."""

    category: Category
    decision: Literal["suggest_credit", "escalate"]
    credit_amount: float
    confidence: float
    priority: Literal["low", "medium", "high"]
    rationale: str
    customer_response: str


def decide(reading: Reading, evidence: Evidence) -> Triage:
    """The policy's answer to what was read from a complaint, given the order's evidence."""
    if reading.alarm_words:
        words = ", ".join(reading.alarm_words)
        return escalated(reading, "high", f"The complaint says “{words}”: a person has to look at it.")
    if not reading.clear:
        return escalated(reading, "medium", "The complaint doesn't say what went wrong: a person has to read it.")
    rule = {"delivery_delay": _delay, "missing_items": _missing, "food_quality": _quality}.get(reading.category)
    if rule is None:
        reason = "what a customer was charged" if reading.category == "billing" else "how a customer was served"
        return escalated(reading, "medium", f"No table of the kitchens records {reason}: a person has to look at it.")
    return rule(reading, evidence)


def _delay(reading: Reading, evidence: Evidence) -> Triage:
    if evidence.minutes is None:
        return escalated(reading, "medium", "The order has no recorded delivery, so the delay can't be measured.")
    took = f"Delivered in {evidence.minutes:.1f} min"
    if evidence.minutes <= evidence.p75:
        return _credit(
            reading,
            0.0,
            replies.on_time(),
            f"{took}, within the location's P75 of {evidence.p75:.1f} (P99 {evidence.p99:.1f}): "
            f"no credit on the total of ${evidence.total_usd:.2f}.",
        )
    late = evidence.minutes > evidence.p99
    limit = (
        f"beyond the location's P99 of {evidence.p99:.1f} (P75 {evidence.p75:.1f})"
        if late
        else (f"between the location's P75 of {evidence.p75:.1f} and P99 of {evidence.p99:.1f}")
    )
    amount, derived = _share(evidence, DELAY_SHARES["beyond_p99" if late else "within_p99"])
    return _credit(reading, amount, replies.late(amount, late), f"{took}, {limit}: {derived}")


def _missing(reading: Reading, evidence: Evidence) -> Triage:
    named = _named(reading, evidence)
    if not named:
        on_it = ", ".join(item.name for item in evidence.items)
        return escalated(
            reading,
            "medium",
            f"Nothing that the complaint names as missing is on the order ({on_it}), "
            "so no credit follows from it: a person has to look at it.",
        )
    amount = bounded(sum(item.price_usd for item in named), evidence.total_usd)
    return _credit(
        reading,
        amount,
        replies.missing([item.name for item in named], amount),
        f"Reported missing, at its price on the order: {_priced(named)}; together ${amount:.2f}.",
    )


def _quality(reading: Reading, evidence: Evidence) -> Triage:
    named = _named(reading, evidence)
    extent = "unsaid" if not named else "all" if len(named) == len(evidence.items) else "some"
    what = f"{len(named)} of {len(evidence.items)} items named ({_priced(named)})" if named else "no item named"
    amount, derived = _share(evidence, QUALITY_SHARES[extent])
    reply = replies.not_right([item.name for item in named], amount)
    return _credit(reading, amount, reply, f"Food not right, {what}: {derived}")


def _named(reading: Reading, evidence: Evidence) -> list[Item]:
    return [item for item in evidence.items if item.name in reading.named_items]


def _priced(items: list[Item]) -> str:
    return ", ".join(f"{item.name} ${item.price_usd:.2f}" for item in items)


def _share(evidence: Evidence, share: float) -> tuple[float, str]:
    """The amount that is this share of the total, in US dollars, and its derivation."""
    amount = bounded(math.floor(evidence.total_usd * share / STEP_USD + 0.5) * STEP_USD, evidence.total_usd)
    return amount, f"{share:.0%} of the total of ${evidence.total_usd:.2f}, to the half dollar ${amount:.2f}."


def _credit(reading: Reading, amount: float, reply: str, rationale: str) -> Triage:
    priority: Literal["low", "medium"] = "medium" if amount >= HIGH_CREDIT_USD else "low"
    return Triage(reading.category, "suggest_credit", amount, reading.confidence, priority, rationale, reply)


def escalated(reading: Reading, priority: Literal["medium", "high"], rationale: str) -> Triage:
    """The answer that escalates a complaint to a person."""
    return Triage(
        reading.category, "escalate", 0.0, reading.confidence, priority, rationale, replies.for_a_person(reading)
    )
