from datetime import datetime

import pytest

from caspers.complaints import SHARES
from caspers.complaints.reading import Item, read
from caspers.complaints.texts import ComplainedOrder, write

ITEMS = (Item("Miso Soup", 2, 4.25), Item("Udon", 1, 13.15), Item("Cold Brew", 1, 3.05))


def order(number, items=ITEMS):
    return ComplainedOrder(f"AB{number:04}", datetime(2024, 3, 10, number % 24, 30), "Chicago", 31.4, 24.70, items)


@pytest.mark.parametrize("category", SHARES)
def test_every_text_is_read_as_what_it_is_about(category):
    for number in range(200):
        text = write(order(number), category)
        reading = read(text, ITEMS)
        assert reading.category == category and not reading.alarming, text
        assert category != "missing_items" or reading.named_items, text


@pytest.mark.parametrize("category", SHARES)
def test_texts_vary_with_the_order_and_only_with_it(category):
    texts = [write(order(number), category) for number in range(200)]
    assert texts == [write(order(number), category) for number in range(200)]
    assert len(set(texts)) > 60
    assert not any("{" in text or "  " in text for text in texts)


def test_a_price_stays_a_price():
    texts = [write(order(number), "billing") for number in range(300)]
    assert not any("$24!" in text for text in texts)
    assert any(text.endswith("!") and "$24.70" in text for text in texts)


def test_an_order_of_one_item_can_miss_it():
    text = write(order(1, ITEMS[:1]), "missing_items")
    assert read(text, ITEMS[:1]).named_items == {"Miso Soup"}
