"""An order's timeline, built from its events: stages, items, minutes and route."""

import json
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

_LABELS = {
    "order_created": "Ordered",
    "gk_started": "Cooking started",
    "gk_finished": "Cooking finished",
    "gk_ready": "Ready for pick-up",
    "driver_arrived": "Driver arrived",
    "driver_picked_up": "Picked up",
    "driver_ping": "On the way",
    "delivered": "Delivered",
}
Event = tuple[str, datetime, dict[str, Any]]
Point = tuple[float, float]


class Stage(BaseModel):
    """One stage of an order; `minutes` since the stage before. `pings` counts the driver positions merged into it."""

    name: str
    ts: datetime
    minutes: float | None
    pings: int = 0


class Item(BaseModel):
    """One line of an order."""

    name: str
    qty: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.qty


class Route(BaseModel):
    """The planned route and the driver's positions, as (latitude, longitude)."""

    points: list[Point]
    pings: list[Point]


class OrderEvents(BaseModel):
    """An order's timeline: its stages, its items, and the minutes from creation to delivery."""

    order_id: str
    location_id: int
    stages: list[Stage]
    items: list[Item]
    total_usd: Decimal
    delivery_minutes: float | None
    route: Route


class OrderFacts(BaseModel):
    """What the queue shows of an order besides its recommendation; minutes to 0.1, None for a stage that is not over.

    `address` includes its coordinates, because street names are not unique.
    """

    order_id: str
    city: str | None
    brands: list[str]
    items: int
    total_usd: Decimal
    minutes: float | None
    kitchen_minutes: float | None
    waiting_minutes: float | None
    road_minutes: float | None
    address: str | None


def timeline(order_id: str, rows: list[list[str]]) -> OrderEvents:
    """Build an order's timeline from its event rows (event_type, ts, location_id, body), sorted by time.

    Raises ValueError or KeyError for an event that can't be read.
    """
    events = [(kind, datetime.fromisoformat(ts), json.loads(body or "{}")) for kind, ts, _, body in rows]
    items = [Item.model_validate(item) for kind, _, body in events if kind == "order_created" for item in body["items"]]
    first = {kind: ts for kind, ts, _ in reversed(events)}
    return OrderEvents(
        order_id=order_id,
        location_id=int(rows[0][2]),
        stages=_stages(events),
        items=items,
        total_usd=sum((item.total for item in items), Decimal(0)),
        route=_route(events),
        delivery_minutes=minutes_half_up(first.get("order_created"), first.get("delivered")),
    )


def parse_timestamp(text: str | None) -> datetime | None:
    """Parse a timestamp in the format of a SQL warehouse; None gives None."""
    return datetime.fromisoformat(text) if text else None


def minutes_between(start: datetime | None, end: datetime | None) -> float | None:
    """The minutes between two times, rounded to 0.1; None if one is missing."""
    return round((end - start).total_seconds() / 60, 1) if start and end else None


def minutes_half_up(start: datetime | None, end: datetime | None) -> float | None:
    """Like minutes_between, but rounding half up as the refund policy does, for comparison with P75 and P99."""
    return math.floor((end - start).total_seconds() / 6 + 0.5) / 10 if start and end else None


def _stages(events: list[Event]) -> list[Stage]:
    """One stage per event; consecutive driver pings are one stage, at the time of the last."""
    stages: list[Stage] = []
    pings, before = 0, None
    for index, (kind, ts, _) in enumerate(events):
        pings += kind == "driver_ping"
        if kind == "driver_ping" and events[index + 1 : index + 2] and events[index + 1][0] == "driver_ping":
            continue
        stages.append(Stage(name=_LABELS.get(kind, kind), ts=ts, minutes=minutes_between(before, ts), pings=pings))
        pings, before = 0, ts
    return stages


def _route(events: list[Event]) -> Route:
    planned = next((body.get("route_points") or [] for kind, _, body in events if kind == "driver_picked_up"), [])
    pings = [
        (body["loc_lat"], body["loc_lon"])
        for kind, _, body in events
        if kind == "driver_ping" and body.get("loc_lat") is not None
    ]
    return Route(points=planned, pings=pings)
