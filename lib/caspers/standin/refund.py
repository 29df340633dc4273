"""How the stand-in recommends a refund: it asks for the order's facts, then applies the written policy."""

from dataclasses import asdict
from typing import Any

from caspers import facts, policy
from caspers.standin.conversation import Call, Conversation

SCHEMA = "refund_recommendation"


def decide(conversation: Conversation) -> list[Call] | dict[str, Any]:
    """The tools to call next, or the answer. Raises Refused if a tool that it needs is not offered."""
    ids = facts.order_ids(conversation.text)
    if not ids:
        return _nothing("No order id was given, so there is nothing to refund.")
    items, times = _about(facts.ORDER_DETAILS, ids[0]), _about(facts.ORDER_DELIVERY_TIME, ids[0])
    if missing := conversation.wanting(items, times):
        return missing
    if not conversation.rows(items) or not conversation.rows(times):
        return _nothing(f"No order {ids[0]} is known, so nothing is refunded.")
    order = conversation.rows(times)[0]
    if order["delivery_minutes"] is None:
        return _nothing(f"Order {ids[0]} is not delivered yet, so its delivery time can't be judged.")
    timings = _about(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.wanting(timings):
        return missing
    total = round(sum(item["line_usd"] for item in conversation.rows(items)), 2)
    return _by_policy(order["delivery_minutes"], conversation.rows(timings), total)


def _by_policy(minutes: float, timings: list[dict], total: float) -> dict[str, Any]:
    if not timings:
        return _nothing("The location has no timings yet, so no refund can be derived.")
    evidence = policy.OrderFacts(minutes, timings[0]["p75_minutes"], timings[0]["p99_minutes"], total)
    return asdict(policy.decide(evidence))


def _about(fact: facts.Fact, value: Any) -> Call:
    return Call(fact.name, {fact.argument.name: value})


def _nothing(reason: str) -> dict[str, Any]:
    return asdict(policy.Refund(0.0, "none", reason))
