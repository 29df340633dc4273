import json
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from caspers.canonical.catalog import dimensions
from caspers.canonical.dataset import load_table, scan_table
from caspers.canonical.schema import CREATED, DELIVERED
from caspers.complaints import SHARES, policy
from caspers.complaints.reading import Item, read, read_all
from caspers.complaints.texts import ComplainedOrder, claims_unordered_dish, write

DATASET = Path(__file__).parents[3] / "data" / "canonical" / "canonical_dataset"
CATEGORIES = [category for category, share in SHARES.items() for _ in range(share)]
BAG = (Item("Miso Soup", 2, 4.25), Item("Udon", 1, 13.15))


def complained(order_id, city, created, delivered, items_json):
    items = tuple(Item(each["name"], int(each["qty"]), each["price"]) for each in json.loads(items_json))
    total = round(sum(item.qty * item.price_usd for item in items), 2)
    return ComplainedOrder(
        order_id, datetime.fromtimestamp(created, UTC), city, (delivered - created) / 60, total, items
    )


@pytest.fixture(scope="module")
def complaints():
    """8,000 of the dataset's orders, spread over all of its days, each with a category and its text."""
    kind = pl.col("event_type_id")
    rows = (
        scan_table(DATASET, "events")
        .filter(kind.is_in([CREATED, DELIVERED]))
        .group_by("order_id")
        .agg(
            pl.col("location_id").first(),
            pl.col("ts_seconds").filter(kind == CREATED).first().alias("created"),
            pl.col("ts_seconds").filter(kind == DELIVERED).first().alias("delivered"),
            pl.col("items_json").drop_nulls().first(),
        )
        .drop_nulls()
        .sort("order_id")
        .collect()
        .sample(8_000, seed=1)
    )
    cities = dict(load_table(DATASET, "locations").select("location_id", "name").iter_rows())
    orders = [complained(order_id, cities[place], *rest) for order_id, place, *rest in rows.iter_rows()]
    drawn = [(order, random.Random(order.order_id).choice(CATEGORIES)) for order in orders]
    return [(order, category, write(order, category)) for order, category in drawn]


def facts(order):
    """The words for an order's items, place, number, time and total."""
    placed = order.placed
    return [
        *(item.name for item in order.items),
        order.city,
        order.order_id,
        f"{order.total_usd:.2f}",
        f"{placed:%H:%M}",
        f"{placed.hour % 12 or 12}:{placed:%M}",
        f"{placed:%A}",
        f"{placed:%B} {placed.day}",
        f"{placed:%b} {placed.day}",
        f"{placed.month}/{placed.day}",
    ]


def test_two_orders_rarely_share_a_sentence(complaints):
    sentences = [
        each for *_, text in complaints for each in re.split(r"(?<=[.!?])\s+", text.lower()) if len(each.split()) > 4
    ]
    counts = Counter(sentences)
    assert len(sentences) > len(complaints)
    assert sum(count == 1 for count in counts.values()) / len(sentences) > 0.95, counts.most_common(5)


def test_every_text_names_something_of_its_order(complaints):
    for order, _, text in complaints:
        assert any(fact.lower() in text.lower() for fact in facts(order)), text
        assert not re.search(r"[{}]|  |^\W|\s$", text), text


def test_texts_differ_in_length_and_mood(complaints):
    words = sorted(len(text.split()) for *_, text in complaints)
    tenth, median, last_tenth = (words[len(words) * part // 10] for part in (1, 5, 9))
    assert tenth < 20 and last_tenth > 45 and tenth * 1.4 < median < last_tenth / 1.4
    written = [text for *_, text in complaints]
    for mood in (str.islower, lambda text: text.endswith("!"), lambda text: text.startswith(("Hi", "Hello", "Dear"))):
        assert 0.05 < sum(map(mood, written)) / len(written) < 0.5


def test_the_same_order_gets_the_same_text_in_another_process():
    order = ComplainedOrder("ABC123", datetime(2024, 3, 10, 18, 42), "Chicago", 31.4, 21.65, BAG)
    code = (
        "from caspers.complaints.texts import *; from caspers.complaints.reading import Item; import datetime; "
        f"order = {order!r}; print([write(order, category) for category in {list(SHARES)!r}])"
    )
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert other.strip() == str([write(order, category) for category in SHARES])


def test_texts_are_read_as_their_category(complaints):
    sample = [each for category in SHARES for each in [one for one in complaints if one[1] == category][:300]]
    assert len(sample) == 1_500
    readings = read_all([(text, order.items) for order, _, text in sample])
    wrong = [
        (category, text)
        for (_, category, text), reading in zip(sample, readings, strict=True)
        if (reading.category, reading.clear) != (category, True)
    ]
    assert len(wrong) / len(sample) < 0.05, wrong[:10]
    assert not any(reading.alarm_words for reading in readings)


def test_a_tenth_of_the_missing_items_was_never_ordered_and_earns_nothing(complaints):
    missing = [(order, text) for order, category, text in complaints if category == "missing_items"]
    false = [(order, text) for order, text in missing if claims_unordered_dish(order.order_id)]
    assert 0.07 < len(false) / len(missing) < 0.13
    readings = read_all([(text, order.items) for order, text in false])
    for (order, text), reading in zip(false, readings, strict=True):
        assert any(dish.lower() in text.lower() for dish in dimensions()["items"]["name"]), text
        assert not any(item.name.lower() in text.lower() for item in order.items), text
        answer = policy.decide(reading, policy.Evidence(order.minutes, 30.0, 50.0, order.total_usd, order.items))
        assert (answer.decision, answer.credit_amount) == ("escalate", 0.0), text
    assert sum(reading.category == "missing_items" for reading in readings) / len(readings) > 0.95


def test_true_missing_items_are_named(complaints):
    true = [
        (text, order.items)
        for order, category, text in complaints[:3_000]
        if category == "missing_items" and not claims_unordered_dish(order.order_id)
    ]
    assert len(true) > 300
    assert all(reading.named_items for reading in read_all(true))


def test_some_customers_exaggerate_the_minutes_and_some_do_not(complaints):
    claims = [
        (int(found.group(1)), order.minutes)
        for order, category, text in complaints
        if category == "delivery_delay" and (found := re.search(r"(\d+) \w*?(?:min|mni|miu)\w*", text))
    ]
    exaggerated = sum(claim > 1.35 * minutes + 5 for claim, minutes in claims) / len(claims)
    assert 0.2 < exaggerated < 0.4
    assert sum(abs(claim - minutes) <= 5 for claim, minutes in claims) / len(claims) > 0.5


def test_an_order_of_one_item_can_miss_it():
    number = next(f"A{n}" for n in range(100) if not claims_unordered_dish(f"A{n}"))
    order = ComplainedOrder(number, datetime(2024, 3, 10, 18, 42), "Chicago", 31.4, 8.50, BAG[:1])
    assert read(write(order, "missing_items"), order.items).named_items == {"Miso Soup"}
