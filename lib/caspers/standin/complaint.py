"""How the stand-in answers a complaint: it asks for the order's facts, reads the text, applies the written policy."""

from dataclasses import asdict
from typing import Any

from caspers.complaints import policy
from caspers.complaints.question import evidence_of, understood
from caspers.complaints.reading import read
from caspers.refunds import facts
from caspers.standin.conversation import Call, Conversation


def decide(conversation: Conversation) -> list[Call] | dict[str, Any]:
    """The tools to call next, or the answer. Raises Refused if a tool that it needs is not offered."""
    order_id, text = understood(conversation.text)
    if order_id is None:
        return _unchecked(text, "No order id was given, so nothing can be checked.")
    overview, timing = _about(facts.ORDER_OVERVIEW, order_id), _about(facts.ORDER_TIMING, order_id)
    if missing := conversation.wanting(overview, timing):
        return missing
    if not conversation.rows(overview) or not conversation.rows(timing):
        return _unchecked(text, f"No order {order_id} is known.")
    order, times = conversation.rows(overview)[0], conversation.rows(timing)[0]
    timings = _about(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.wanting(timings):
        return missing
    if not conversation.rows(timings):
        return _unchecked(text, "The location has no timings yet.")
    evidence = evidence_of(order, times, conversation.rows(timings)[0])
    return asdict(policy.decide(read(text, evidence.items), evidence))


def _unchecked(text: str, why: str) -> dict[str, Any]:
    return asdict(policy.escalated(read(text, ()), "medium", f"{why} A person has to look at it."))


def _about(fact: facts.Fact, value: Any) -> Call:
    return Call(fact.name, {fact.argument.name: value})
