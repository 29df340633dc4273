from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from caspers.refunds import order_facts

BODY = """{"customer_addr": "12 Elm Street", "customer_lat": 37.2, "customer_lon": -122.3, "items": [
  {"brand_id": 3, "name": "Udon", "price": 10.95, "qty": 2}, {"brand_id": 4, "name": "Tea", "price": 3.3, "qty": 1}]}"""
PLACED = "timestamp '2024-03-10 12:00:00'"


def event(kind, millis, body="{}", order_id="A"):
    ts = f"{PLACED} + make_dt_interval(0, 0, 0, {millis} / 1000)"
    return f"SELECT '{order_id}' order_id, 2 location_id, '{kind}' event_type, {ts} ts, '{body}' body"


def facts_of(spark, *events):
    rows = spark.sql(order_facts.facts_sql(f"({' UNION ALL '.join(events)})")).collect()
    return {row.order_id: row for row in rows}


def test_everything_about_an_order_in_one_row(kitchen):
    stages = {"order_created": 0, "gk_ready": 600_000, "driver_picked_up": 720_000, "delivered": 1_500_000}
    events = [event(kind, millis, BODY if kind == "order_created" else "{}") for kind, millis in stages.items()]
    later = [event(kind, 1_600_000) for kind in ("gk_ready", "delivered")]  # the first of a kind counts
    row = facts_of(kitchen, *events, *later)["A"].asDict(recursive=True)
    placed = row.pop("order_ts")
    assert row.pop("delivered_ts") - placed == timedelta(minutes=25)
    assert row == {
        "order_id": "A",
        "location_id": 2,
        "minutes": 25.0,
        "kitchen_minutes": 10.0,
        "waiting_minutes": 2.0,
        "road_minutes": 13.0,
        "lines": [
            {"brand_id": 3, "name": "Udon", "qty": 2, "price": Decimal("10.95")},
            {"brand_id": 4, "name": "Tea", "qty": 1, "price": Decimal("3.30")},
        ],
        "items": 3,
        "total_usd": Decimal("25.20"),
        "customer_address": "12 Elm Street (37.20000, -122.30000)",
    }


def test_what_the_events_do_not_say_is_null(kitchen):
    on_its_way = event("order_created", 0, '{"items": [], "customer_addr": "x"}', "B")
    found = facts_of(kitchen, event("delivered", 0), on_its_way)
    without_start, undelivered = found["A"], found["B"]
    assert (without_start.order_ts, without_start.minutes, without_start.total_usd) == (None, None, None)
    assert (without_start.lines, without_start["items"]) == (None, None)
    assert (undelivered.delivered_ts, undelivered.minutes, undelivered.customer_address) == (None, None, None)
    assert (undelivered.lines, undelivered["items"], undelivered.total_usd) == ([], 0, 0)


@pytest.mark.parametrize("start", [0, 1, 59_999])
def test_minutes_are_rounded_half_up_to_a_tenth(kitchen, start):
    durations = [tenths * 6_000 + off for tenths in (0, 1, 2, 14, 271, 9_999) for off in (2_999, 3_000, 3_001)]
    events = [
        event(kind, start + after, order_id=str(millis))
        for millis in durations
        for kind, after in (("order_created", 0), ("delivered", millis))
    ]
    found = facts_of(kitchen, *events)
    for millis in durations:
        exact = Decimal(millis) / 60_000
        assert found[str(millis)].minutes == float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))
