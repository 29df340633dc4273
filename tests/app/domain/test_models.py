"""What requests may contain, and the totals of a summary."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from refund_manager.domain.models import ClassSummary, Filters, RefundRequest, Summary


def refused(kind: type, sent: dict) -> list[str]:
    """The fields at which a model refuses what was sent."""
    with pytest.raises(ValidationError) as error:
        kind.model_validate(sent)
    return [str(each["loc"][0]) for each in error.value.errors()]


@pytest.mark.parametrize(
    "sent",
    [
        {"decision": "approve"},
        {"decision": "change", "amount": "0"},
        {"decision": "change", "amount": "99999999.99", "reason": "x"},
        {"decision": "deny", "reason": "x" * 1000},
    ],
)
def test_a_whole_decision_is_taken(sent):
    assert RefundRequest.model_validate({"order_id": "AB12CD-L1", **sent}).decision == sent["decision"]


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"decision": "change"}, ["amount"]),
        ({"decision": "approve", "amount": "5"}, ["amount"]),
        ({"decision": "deny", "amount": "5", "reason": "x"}, ["amount"]),
        ({"decision": "change", "amount": "-0.01"}, ["amount"]),
        ({"decision": "change", "amount": "1.005"}, ["amount"]),
        ({"decision": "change", "amount": "100000000"}, ["amount"]),
        ({"decision": "change", "amount": "NaN"}, ["amount"]),
        ({"decision": "deny"}, ["reason"]),
        ({"decision": "deny", "reason": " \t"}, ["reason"]),
        ({"decision": "deny", "reason": "a\0b"}, ["reason"]),
        ({"decision": "deny", "reason": "x" * 1001}, ["reason"]),
        ({"decision": "refund", "amount": "5"}, ["decision"]),
        ({"decision": "approve", "order_id": "AB 12"}, ["order_id"]),
        ({"decision": "approve", "order_id": "A" * 41}, ["order_id"]),
        ({"decision": "approve", "decided_by": "me"}, ["decided_by"]),
    ],
)
def test_a_decision_that_contradicts_itself_is_refused_at_its_field(sent, fields):
    assert refused(RefundRequest, {"order_id": "AB12CD", **sent}) == fields


def test_the_empty_fields_of_a_form_restrict_nothing():
    names = ("refund_class", "city", "brand", "min_usd", "max_usd", "source", "text")
    assert Filters.model_validate(dict.fromkeys(names, "")) == Filters()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("refund_class", "huge"),
        ("min_usd", "-1"),
        ("city", "x" * 101),
        ("text", "\0"),
        ("source", "model"),
        ("city", " "),
    ],
)
def test_a_filter_that_fits_nothing_is_refused(name, value):
    assert refused(Filters, {name: value}) == [name]


def test_a_summary_adds_its_classes_up():
    rows = [
        ClassSummary(suggested_class="full", orders=3, open=1, suggested_usd="0.10", granted_usd="0.20"),
        ClassSummary(suggested_class=None, orders=2, open=2, suggested_usd="0.20", granted_usd="0"),
    ]
    found = Summary.of(rows)
    assert (found.orders, found.open, found.decided) == (5, 3, 2)
    assert (found.suggested_usd, found.granted_usd) == (Decimal("0.30"), Decimal("0.20"))


def test_a_summary_of_nothing_is_zero():
    assert Summary.of([]).model_dump() == {
        "orders": 0,
        "open": 0,
        "decided": 0,
        "suggested_usd": 0,
        "granted_usd": 0,
        "by_class": [],
    }
