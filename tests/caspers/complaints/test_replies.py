"""The replies to customers."""

import dataclasses

import pytest

from caspers.complaints import SHARES, replies
from caspers.complaints.reading import read
from caspers.refunds.money import dollars

READING = read("My order never came with the soup.", ())


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (["Udon"], "without the Udon."),
        (["Udon", "Tea"], "without the Udon and the Tea."),
        (["Udon", "Miso Soup", "Tea"], "without the Udon, the Miso Soup and the Tea."),
    ],
)
def test_items_are_listed_in_words(names, listed):
    assert listed in replies.missing(iter(names), 4.5)


def test_food_that_no_item_is_named_of_is_a_meal():
    assert "your meal did not reach you" in replies.not_right([], 3.0)
    assert "that the Udon did not reach you" in replies.not_right(["Udon"], 3.0)


@pytest.mark.parametrize("amount", [0.0, 0.5, 12.0])
def test_a_reply_names_the_credit_and_no_other_amount(amount):
    texts = [
        replies.late(amount, very=False),
        replies.late(amount, very=True),
        replies.missing(["Udon"], amount),
        replies.not_right([], amount),
        replies.replacement(False, amount),
    ]
    assert [dollars(text) for text in texts] == [{amount} if amount else set()] * 5


def test_a_person_is_promised_and_never_an_amount():
    clear = {
        category: replies.for_a_person(dataclasses.replace(READING, category=category, clear=True, alarm_words=()))
        for category in SHARES
    }
    unclear = replies.for_a_person(dataclasses.replace(READING, clear=False, alarm_words=()))
    alarm = replies.for_a_person(dataclasses.replace(READING, alarm_words=("lawyer",)))
    texts = [*clear.values(), unclear, alarm, replies.replacement(True, 5.0)]
    assert len({*texts}) == len(SHARES) + 3
    assert [dollars(text) for text in texts] == [set()] * len(texts)


def test_a_very_late_order_is_called_so():
    assert replies.late(5.0, very=True) != replies.late(5.0, very=False)
    assert dollars(replies.on_time()) == set()
