"""Amounts of money that are found in text."""

import pytest

from caspers.refunds.money import dollars


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We credit you $4.50.", {4.5}),
        ("We credit you $ 4.50, and $3.", {4.5, 3.0}),
        ("USD 12 or 12 USD or 12.0 dollars", {12.0}),
        ("usd 1 and 2 DOLLARS and 1 dollar more", {1.0, 2.0}),
        ("$1,200.50", {1200.5}),
        ("$5, please", {5.0}),
        ("5$", {5.0}),
        ("$0", {0.0}),
    ],
)
def test_every_way_to_write_an_amount_is_read(text, found):
    assert dollars(text) == found


@pytest.mark.parametrize("text", ["", "40 minutes", "order 12USDX34", "a dollar", "$", "25 %", "XUSD 5"])
def test_other_numbers_are_no_amounts(text):
    assert dollars(text) == set()
