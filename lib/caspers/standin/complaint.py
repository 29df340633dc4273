"""How the stand-in answers a complaint: it calls tools for the facts, reads the text, applies the written policy."""

from dataclasses import asdict

from caspers.complaints import policy
from caspers.complaints.question import evidence_of, parse_question
from caspers.complaints.reading import read
from caspers.refunds import facts
from caspers.standin.conversation import Call, Conversation, Json


def decide(conversation: Conversation) -> list[Call] | Json:
    """The tools to call next, or the answer. Raises Refused if the request lacks a tool that it needs."""
    order_id, text = parse_question(conversation.text)
    if order_id is None:
        return _unchecked(text, "No order id was given, so nothing can be checked.")
    overview, timing = Call.of(facts.ORDER_OVERVIEW, order_id), Call.of(facts.ORDER_TIMING, order_id)
    if missing := conversation.without_result(overview, timing):
        return missing
    if not conversation.rows(overview) or not conversation.rows(timing):
        return _unchecked(text, f"No order {order_id} is known.")
    order, times = conversation.rows(overview)[0], conversation.rows(timing)[0]
    timings = Call.of(facts.LOCATION_TIMINGS, order["location_id"])
    if missing := conversation.without_result(timings):
        return missing
    if not conversation.rows(timings):
        return _unchecked(text, "The location has no timings yet.")
    evidence = evidence_of(order, times, conversation.rows(timings)[0])
    return asdict(policy.decide(read(text, evidence.items), evidence))


def _unchecked(text: str, why: str) -> Json:
    return asdict(policy.escalated(read(text, ()), "medium", f"{why} A person has to look at it."))
