"""How a complaint is put to a model, how it is understood again, and what the looked-up rows are worth as evidence."""

import json

from caspers.complaints.policy import Evidence
from caspers.complaints.reading import Item
from caspers.refunds import facts

LONGEST = 4000
"""Characters of a complaint that are read; the rest is cut off."""


def question(order_id: str, text: str) -> str:
    """The order's id and the customer's words as JSON, so that nothing in the words can pass for the id."""
    return json.dumps({"order_id": order_id, "complaint_text": text[:LONGEST]}, ensure_ascii=False)


def understood(said: str) -> tuple[str | None, str]:
    """The order id and the customer's words of a `question`; of any other text, what may be an id, and the text."""
    try:
        asked = json.JSONDecoder().raw_decode(said)[0]  # a model that answers twice is told more after the question
        return asked["order_id"], asked["complaint_text"]
    except (ValueError, TypeError, KeyError):
        return next(iter(facts.order_ids(said)), None), said


def evidence_of(order: dict, times: dict, timings: dict) -> Evidence:
    """The evidence in one row each of get_order_overview, get_order_timing and get_location_timings."""
    items = tuple(Item(item["item_name"], item["qty"], float(item["price_usd"])) for item in json.loads(order["items"]))
    return Evidence(
        times["delivery_minutes"], timings["p75_minutes"], timings["p99_minutes"], order["total_usd"], items
    )
