"""The contract of a canonical dataset: its tables, their columns, types and keys."""

from datetime import UTC, datetime

import polars as pl

DAY_SECONDS = 86_400
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
"""Midnight of day 0 of the committed dataset; `ts_seconds` counts from 1970, on the kitchens' own clocks."""

EVENT_TYPES = (
    "order_created",
    "gk_started",
    "gk_finished",
    "gk_ready",
    "driver_arrived",
    "driver_picked_up",
    "driver_ping",
    "delivered",
)
"""Names of the event types; `event_type_id` is the position here, counted from 1."""

CREATED, STARTED, FINISHED, READY, ARRIVED, PICKED_UP, PING, DELIVERED = range(1, 9)

_ID = pl.Int32()
TABLES: dict[str, dict[str, pl.DataType]] = {
    "brands": {"brand_id": _ID, "name": pl.String(), "cuisine_type": pl.String(), "avg_prep_time_min": pl.Int32()},
    "menus": {"id": _ID, "brand_id": _ID, "name": pl.String()},
    "categories": {"id": _ID, "menu_id": _ID, "brand_id": _ID, "name": pl.String()},
    "items": {
        "id": _ID,
        "category_id": _ID,
        "menu_id": _ID,
        "brand_id": _ID,
        "name": pl.String(),
        "price": pl.Float64(),
    },
    "locations": {
        "location_id": _ID,
        "location_code": pl.String(),
        "name": pl.String(),
        "address": pl.String(),
        "lat": pl.Float64(),
        "lon": pl.Float64(),
        "narrative": pl.String(),
        "base_orders_day": pl.Float64(),
        "growth_rate_daily": pl.Float64(),
    },
    "brand_locations": {
        "brand_location_id": _ID,
        "brand_id": _ID,
        "location_id": _ID,
        "start_day": pl.Int32(),
        "end_day": pl.Int32(),
        "trajectory": pl.String(),
        "growth_rate_monthly": pl.Float64(),
    },
    "events": {
        "order_id": pl.String(),
        "location_id": pl.Int8(),
        "event_type_id": pl.Int8(),
        "ts_seconds": pl.Int64(),
        "sequence": pl.Int8(),
        "customer_lat": pl.Float32(),
        "customer_lon": pl.Float32(),
        "customer_addr": pl.String(),
        "items_json": pl.String(),
        "route_json": pl.String(),
        "ping_lat": pl.Float32(),
        "ping_lon": pl.Float32(),
        "ping_progress": pl.Float32(),
    },
}
"""Columns and types of every table, in the order in which the generator writes them."""

ITEM = {
    "id": pl.Float64(),
    "category_id": pl.Float64(),
    "menu_id": pl.Float64(),
    "brand_id": pl.Float64(),
    "name": pl.String(),
    "price": pl.Float64(),
    "qty": pl.Float64(),
}
"""An item of `items_json`; its ids and quantity are whole numbers, also when written as 7.0."""

DIMENSIONS = tuple(name for name in TABLES if name != "events")
"""The six dimensional tables."""

KEYS = {
    "brands": ("brand_id",),
    "menus": ("id",),
    "categories": ("id",),
    "items": ("id",),
    "locations": ("location_id",),
    "brand_locations": ("brand_location_id",),
    "events": ("order_id", "sequence"),
}
"""What identifies a row of each table."""

NULLABLE = {
    "brand_locations": {"end_day"},
    "events": set(list(TABLES["events"])[5:]),
}
"""Columns that may be null; all others may not."""
