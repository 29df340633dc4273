"""How the stand-in answers a complaint: it asks for the order's facts, reads the text, applies the written policy."""

import json
from dataclasses import asdict
from typing import Any

from caspers import facts
from caspers.complaints import policy
from caspers.complaints.reading import Item, read
from caspers.standin.conversation import Call, Conversation

SCHEMA = "complaint_triage"


def decide(conversation: Conversation) -> list[Call] | dict[str, Any]:
    """The tools to call next, or the answer. Raises Refused if a tool that it needs is not offered."""
    ids = facts.order_ids(conversation.text)
    if not ids:
        return _unknown(conversation.text, "No order id was given, so nothing can be checked.")
    overview, timing = _about(facts.ORDER_OVERVIEW, ids[0]), _about(facts.ORDER_TIMING, ids[0])
    if missing := conversation.wanting(overview, timing):
        return missing
    if not conversation.rows(overview) or not conversation.rows(timing):
        return _unknown(conversation.text, f"No order {ids[0]} is known, so nothing can be checked.")
    order, times = conversation.rows(overview)[0], conversation.rows(timing)[0]
    timings = _about(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.wanting(timings):
        return missing
    if not conversation.rows(timings):
        return _unknown(conversation.text, "The location has no timings yet, so nothing can be checked.")
    evidence = evidence_of(order, times, conversation.rows(timings)[0])
    return asdict(policy.decide(read(conversation.text, evidence.items), evidence))


def evidence_of(order: dict, times: dict, timings: dict) -> policy.Evidence:
    """The evidence in one row each of get_order_overview, get_order_timing and get_location_timings."""
    items = tuple(Item(item["item_name"], item["qty"], float(item["price_usd"]))
                  for item in json.loads(order["items"]))
    return policy.Evidence(times["delivery_minutes"], timings["p75_minutes"], timings["p99_minutes"],
                           order["total_usd"], items)


def _unknown(text: str, why: str) -> dict[str, Any]:
    reading = read(text, ())
    return asdict(policy.escalated(reading, "medium", f"{why} A person has to look at it."))


def _about(fact: facts.Fact, value: Any) -> Call:
    return Call(fact.name, {fact.argument.name: value})
