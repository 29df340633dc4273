"""The words for data on the app's pages."""

import pytest

from refund_manager.domain.models import Filters
from refund_manager.web.wording import described, plain, source_name


@pytest.mark.parametrize(
    ("source", "name"),
    [("agent", "the agent"), ("fallback", "the written policy"), ("someone else", "someone else"), (None, "unknown")],
)
def test_a_source_has_a_plain_name(source, name):
    assert source_name(source) == name


def test_names_of_the_data_have_no_underscore():
    assert (plain("missing_items"), plain("full"), plain(None)) == ("missing items", "full", "unreadable")


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({}, "no filters"),
        ({"refund_class": "all", "status": "open"}, "no filters"),
        ({"refund_class": "refund"}, "any refund"),
        (
            {"refund_class": "full", "city": "Chicago", "brand": "Tea & Co", "min_usd": "5", "max_usd": "1200.5"},
            "full refunds, Chicago, Tea & Co, from $5.00, up to $1,200.50",
        ),
        ({"source": "fallback", "text": "cold"}, "suggested by the written policy, “cold”"),
    ],
)
def test_filters_are_described(filters, words):
    assert described(Filters.model_validate(filters)) == words
