"""The rows that the SQL functions of schema `ai` would return about the scenarios' orders."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from caspers.evaluation.orders import Location, Order
from caspers.refunds import facts
from caspers.refunds.rows import Row

BRAND = "Noodle Lane"
PLACED = datetime(2024, 3, 1, 12)


def rows_of(
    fact: facts.Fact, value: object, orders: Mapping[str, Order], locations: Mapping[int, Location]
) -> list[Row]:
    """The rows of a fact about an order or a location, by its id; none if it is not known."""
    if fact is facts.LOCATION_TIMINGS:
        return [_timings(each, location) for each, location in locations.items() if each == value]
    found = (_OF_AN_ORDER[fact.name](each, order) for each, order in orders.items() if each == value)
    return next(found, [])


def _timings(location_id: int, location: Location) -> Row:
    return {
        "location_id": location_id,
        "location_name": location.name,
        "delivered_orders": 5000,
        "p50_minutes": location.p50,
        "p75_minutes": location.p75,
        "p99_minutes": location.p99,
    }


def _details(order_id: str, order: Order) -> list[Row]:
    return [
        {
            "order_id": order_id,
            "location_id": order.location,
            "brand_name": BRAND,
            "item_name": name,
            "qty": quantity,
            "price_usd": price,
            "line_usd": round(quantity * price, 2),
        }
        for name, quantity, price in order.items
    ]


def _overview(order_id: str, order: Order) -> list[Row]:
    items = [
        {"brand_name": BRAND, "item_name": name, "qty": quantity, "price_usd": price}
        for name, quantity, price in order.items
    ]
    return [
        {
            "order_id": order_id,
            "location_id": order.location,
            "total_usd": order.total_usd,
            "total_qty": sum(item["qty"] for item in items),
            "items": json.dumps(items),
        }
    ]


def _delivery_time(order_id: str, order: Order) -> list[Row]:
    delivered = None if order.minutes is None else (PLACED + timedelta(minutes=order.minutes)).isoformat()
    return [
        {
            "order_id": order_id,
            "location_id": order.location,
            "order_ts": PLACED.isoformat(),
            "delivered_ts": delivered,
            "delivery_minutes": order.minutes,
        }
    ]


def _timing(order_id: str, order: Order) -> list[Row]:
    """Three fifths of the minutes in the kitchen, a tenth waiting for the driver, the rest on the road."""
    kitchen, waiting, road = _stages(order.minutes)
    times = _delivery_time(order_id, order)[0]
    total = {"delivery_minutes": times.pop("delivery_minutes")}
    return [{**times, "kitchen_minutes": kitchen, "waiting_minutes": waiting, "road_minutes": road, **total}]


def _stages(minutes: float | None) -> tuple[float | None, float | None, float | None]:
    """Minutes in the kitchen, waiting for the driver and on the road."""
    if minutes is None:
        return None, None, None
    kitchen, waiting = round(minutes * 0.6, 1), round(minutes * 0.1, 1)
    return kitchen, waiting, round(minutes - kitchen - waiting, 1)


_OF_AN_ORDER: dict[str, Callable[[str, Order], list[Row]]] = {
    facts.ORDER_DETAILS.name: _details,
    facts.ORDER_OVERVIEW.name: _overview,
    facts.ORDER_DELIVERY_TIME.name: _delivery_time,
    facts.ORDER_TIMING.name: _timing,
}
