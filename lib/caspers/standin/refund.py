"""How the stand-in recommends a refund: it asks for the order's facts, then applies the written policy."""

import re
from dataclasses import asdict
from typing import Any

from caspers.refunds import facts, policy
from caspers.standin.conversation import Call, Conversation

_STATED = re.compile(r"Order id: (\S+)\n")


def decide(conversation: Conversation) -> list[Call] | dict[str, Any]:
    """The tools to call next, or the answer. Raises Refused if a tool that it needs is not offered."""
    order_id = _order_id(conversation.text)
    if order_id is None:
        return _nothing("No order id was given, so there is nothing to refund.")
    items, times = _about(facts.ORDER_DETAILS, order_id), _about(facts.ORDER_DELIVERY_TIME, order_id)
    if missing := conversation.wanting(items, times):
        return missing
    if not conversation.rows(items) or not conversation.rows(times):
        return _nothing(f"No order {order_id} is known, so nothing is refunded.")
    order = conversation.rows(times)[0]
    if order["delivery_minutes"] is None:
        return _nothing(f"Order {order_id} is not delivered yet, so its delivery time can't be judged.")
    timings = _about(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.wanting(timings):
        return missing
    total = round(sum(item["line_usd"] for item in conversation.rows(items)), 2)
    return _by_policy(order["delivery_minutes"], conversation.rows(timings), total)


def _order_id(text: str) -> str | None:
    """The id that the agent states first; only without one, what may be an id in the customer's own words."""
    stated = _STATED.match(text)
    return stated.group(1) if stated else next(iter(facts.order_ids(text)), None)


def _by_policy(minutes: float, timings: list[dict], total: float) -> dict[str, Any]:
    if not timings:
        return _nothing("The location has no timings yet, so no refund can be derived.")
    evidence = policy.OrderFacts(minutes, timings[0]["p75_minutes"], timings[0]["p99_minutes"], total)
    return asdict(policy.decide(evidence))


def _about(fact: facts.Fact, value: Any) -> Call:
    return Call(fact.name, {fact.argument.name: value})


def _nothing(reason: str) -> dict[str, Any]:
    return asdict(policy.Refund(0.0, "none", reason))
