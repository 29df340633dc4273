import json
from datetime import UTC, datetime
from decimal import Decimal

from xxhash import xxh64_intdigest

from fault_check import (
    SPARK_SEED,
    brand_sales_day,
    complains,
    differences,
    doubled,
    item_sales_day,
    items,
    location_sales_hourly,
    order_header,
    read_event,
)

ROWS = [("a", 1, Decimal("2.50")), ("b", 2, None), ("c", 3, Decimal("1.00"))]
BURGER = {"id": 2, "category_id": 1, "menu_id": 1, "brand_id": 7, "name": "Burger", "price": 14.5, "qty": 2}
TEA = {"id": 9, "category_id": 4, "menu_id": 3, "brand_id": 8, "name": "Tea", "price": 3.1, "qty": 1}


def line(event_id="e1", event_type="order_created", ts="2026-11-23 09:59:59.500", order_id="A1", body=None, **more):
    fields = {"event_id": event_id, "event_type": event_type, "ts": ts, "location_id": 3, "order_id": order_id}
    return json.dumps({**fields, "sequence": 0, "body": json.dumps(body or {"items": [BURGER, TEA]}), **more})


def test_equal_tables_do_not_differ_whatever_their_order():
    assert differences("orders", ROWS, ROWS[::-1], key=1) == []
    assert differences("orders", ROWS * 2, ROWS * 2) == []


def test_a_lost_row_is_found():
    assert differences("orders", ROWS, ROWS[1:], key=1) == ["orders: 1 lost, such as ('a',)"]
    assert differences("orders", [*ROWS, ROWS[0]], ROWS)[0].startswith("orders: 1 lost, such as ('a', 1,")


def test_a_doubled_row_is_found():
    assert differences("orders", ROWS, [*ROWS, ROWS[0]], key=1) == ["orders: 1 doubled, such as ('a',)"]
    assert differences("orders", ROWS, [*ROWS, ("b", 9, None)], key=1) == ["orders: 1 doubled, such as ('b',)"]
    assert doubled("orders", ["a", "b", "a"]) == ["orders: 1 doubled, such as ['a']"]
    assert doubled("orders", ["a", "b"]) == []


def test_a_changed_row_is_found_with_both_values():
    changed = [("a", 1, Decimal("2.51")), *ROWS[1:]]
    assert differences("orders", ROWS, changed, key=1) == [
        "orders: 1 changed, such as ('a',): [('a', 1, Decimal('2.51'))] for [('a', 1, Decimal('2.50'))]"
    ]


def test_a_row_that_nothing_led_to_is_found():
    assert differences("orders", ROWS, [*ROWS, ("d", 4, None)], key=1) == ["orders: 1 unexpected, such as ('d',)"]


def test_of_many_differences_a_few_are_named():
    found = differences("orders", [(number,) for number in range(50)], [])
    assert found == ["orders: 50 lost, such as (0,); (1,); (10,)"]


def test_a_line_is_read_as_an_event():
    event = read_event(line(), "f.json")
    assert event is not None
    assert (event.event_id, event.location_id, event.sequence, event.file) == ("e1", 3, 0, "f.json")
    assert event.ts == datetime(2026, 11, 23, 9, 59, 59, 500_000, UTC)


def test_a_line_that_is_no_usable_event_is_none():
    assert read_event("{", "f") is None
    assert read_event("[]", "f") is None
    assert read_event(line(event_id=None), "f") is None
    assert read_event(line(ts="yesterday"), "f") is None
    assert read_event(line(location_id="three"), "f") is None
    assert read_event(line(body={"no": "items"}), "f") is None
    assert read_event(line(body={"no": "items"}, event_type="delivered"), "f") is not None


def test_gold_is_computed_from_the_items():
    orders = [line(), line("e2", ts="2026-11-23 09:00:00.000", order_id="B2", body={"items": [BURGER]})]
    events = [event for text in [*orders, line("e3", "delivered", body={})] if (event := read_event(text, "f"))]
    sold, day, hour = items(events, {7: "Grill"}), datetime(2026, 11, 23).date(), datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert [(item.order_id, item.name, item.brand_name) for item in sold] == [
        ("A1", "Burger", "Grill"),
        ("A1", "Tea", None),
        ("B2", "Burger", "Grill"),
    ]
    burger, tea = Decimal("29.0"), Decimal("3.1")
    assert order_header(sold) == [("A1", 3, day, burger + tea, 3, 2, (7, 8)), ("B2", 3, day, burger, 2, 1, (7,))]
    assert item_sales_day(sold) == [(2, 1, 1, 7, day, 4, 2 * burger), (9, 3, 4, 8, day, 1, tea)]
    assert brand_sales_day(sold) == [(7, day, 2, 4, 2 * burger), (8, day, 1, 1, tea)]
    assert location_sales_hourly(sold) == [(3, hour, 2, 2 * burger + tea)]


def test_the_hash_is_that_of_spark():
    # The example of xxhash64 in PySpark's documentation.
    assert xxh64_intdigest(b"ABC", seed=SPARK_SEED) == 4105715581806190027


def test_the_share_that_complains_is_about_the_rate():
    complaining = [number for number in range(10_000) if complains(f"ORDER{number}", 0.15)]
    assert 1400 < len(complaining) < 1600
