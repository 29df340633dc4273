"""How a complaint is put to a model, how it is read back, and the evidence in the rows that were looked up."""

import json

from caspers.complaints.policy import Evidence
from caspers.complaints.reading import Item
from caspers.refunds import facts
from caspers.refunds.rows import Row

MAX_CHARACTERS = 4000
"""Characters of a complaint that are read; the rest is cut off."""


def format_question(order_id: str, text: str) -> str:
    """The order's id and the customer's words as JSON, so that nothing in the words can pass for the id."""
    return json.dumps({"order_id": order_id, "complaint_text": text[:MAX_CHARACTERS]}, ensure_ascii=False)


def parse_question(text: str) -> tuple[str | None, str]:
    """The order id and the customer's words in a formatted question; in any other text a possible id, and the text."""
    try:
        parsed = json.JSONDecoder().raw_decode(text)[0]  # after an invalid answer, more follows the question
        return parsed["order_id"], parsed["complaint_text"]
    except (ValueError, TypeError, KeyError):
        return next(iter(facts.order_ids(text)), None), text


def evidence_of(order: Row, times: Row, timings: Row) -> Evidence:
    """The evidence in one row each of get_order_overview, get_order_timing and get_location_timings."""
    items = tuple(Item(item["item_name"], item["qty"], float(item["price_usd"])) for item in json.loads(order["items"]))
    return Evidence(
        times["delivery_minutes"], timings["p75_minutes"], timings["p99_minutes"], order["total_usd"], items
    )
