"""How the stand-in recommends a refund: it calls tools for the order's facts, then applies the written policy."""

import re
from dataclasses import asdict

from caspers.refunds import facts, policy
from caspers.refunds.rows import Row
from caspers.standin.conversation import Call, Conversation, Json

_STATED = re.compile(r"Order id: (\S+)\n")


def decide(conversation: Conversation) -> list[Call] | Json:
    """The tools to call next, or the answer. Raises Refused if the request lacks a tool that it needs."""
    order_id = _order_id(conversation.text)
    if order_id is None:
        return _nothing("No order id was given, so there is nothing to refund.")
    items, times = Call.of(facts.ORDER_DETAILS, order_id), Call.of(facts.ORDER_DELIVERY_TIME, order_id)
    if missing := conversation.without_result(items, times):
        return missing
    if not conversation.rows(items) or not conversation.rows(times):
        return _nothing(f"No order {order_id} is known, so nothing is refunded.")
    order = conversation.rows(times)[0]
    if order["delivery_minutes"] is None:
        return _nothing(f"Order {order_id} is not delivered yet, so its delivery time can't be judged.")
    timings = Call.of(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.without_result(timings):
        return missing
    total = round(sum(item["line_usd"] for item in conversation.rows(items)), 2)
    return _by_policy(order["delivery_minutes"], conversation.rows(timings), total)


def _order_id(text: str) -> str | None:
    """The id that the agent states first; without one, what looks like an id in the customer's words."""
    stated = _STATED.match(text)
    return stated.group(1) if stated else next(iter(facts.order_ids(text)), None)


def _by_policy(minutes: float, timings: list[Row], total: float) -> Json:
    if not timings:
        return _nothing("The location has no timings yet, so no refund can be derived.")
    evidence = policy.Evidence(minutes, timings[0]["p75_minutes"], timings[0]["p99_minutes"], total)
    return asdict(policy.decide(evidence))


def _nothing(reason: str) -> Json:
    return asdict(policy.Refund(0.0, "none", reason))
