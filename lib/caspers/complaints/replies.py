"""The replies to customers: friendly, specific, and without the kitchens' internal figures."""

from collections.abc import Iterable

from caspers.complaints.reading import Reading

_FOR_A_PERSON = {
    "billing": "Thank you for telling us about this charge. One of our team is checking it and will write to you.",
    "service_issue": "Thank you for telling us, and we are sorry for how this went. One of our team is looking into it "
    "and will write to you.",
    "delivery_delay": "We are sorry about the wait. One of our team is looking into it and will write to you.",
    "missing_items": "We are sorry that your order was not as you expected. One of our team is comparing it with "
    "what we have on record and will write to you.",
    "food_quality": "We are sorry that your meal was not right. One of our team is looking into it "
    "and will write to you.",
}
_ALARM = (
    "Thank you for telling us, we take this very seriously. A member of our team is looking into it now "
    "and will contact you."
)
_UNCLEAR = (
    "Thank you for writing to us, and we are sorry that you are not happy. One of our team will write to you "
    "to find out what we can put right."
)


def on_time() -> str:
    """The reply to a delay that the order's record doesn't show."""
    return (
        "Thank you for writing to us, and we are sorry that the wait felt long. We checked your order, and it came "
        "in the time that we aim for, so we can't offer a credit this time."
    )


def late(amount: float, very: bool) -> str:
    """The reply to a delay that the record shows; `amount` in US dollars."""
    much = "much longer than it ever should" if very else "longer than it should"
    return f"You are right, your order took {much}, and we are sorry that you had to wait. {_credited(amount)}"


def missing(names: Iterable[str], amount: float) -> str:
    """The reply about items that were not in the bag; `amount` in US dollars."""
    return f"We are sorry that you had to do without {_listed(names)}. {_credited(amount)}"


def not_right(names: Iterable[str], amount: float) -> str:
    """The reply about food that was not right; `names` is empty if the complaint names no item."""
    what = _listed(names) or "your meal"
    return f"We are sorry that {what} did not reach you the way we cook for you. {_credited(amount)}"


def for_a_person(reading: Reading) -> str:
    """The reply to a complaint that is escalated."""
    if reading.alarm_words:
        return _ALARM
    return _FOR_A_PERSON[reading.category] if reading.clear else _UNCLEAR


def replacement(for_a_person: bool, amount: float) -> str:
    """The reply that replaces a model's which promises something else; `amount` in US dollars."""
    if for_a_person:
        return "We are sorry about your order. One of our team is looking into it and will write to you."
    if amount:
        return f"We are sorry, your order was not as it should have been. {_credited(amount)}"
    return "We are sorry for your trouble. We checked your order and can't offer a credit this time."


def _listed(names: Iterable[str]) -> str:
    """A list in words, such as "the Udon, the Miso Soup and the Tea"."""
    *most, last = [f"the {name}" for name in names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _credited(amount: float) -> str:
    return f"We credit you ${amount:.2f}." if amount else "There was nothing to credit on this order."
