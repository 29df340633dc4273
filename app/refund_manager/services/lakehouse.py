"""Reads the lakehouse through the SQL Statement API: an order's events, the facts of many orders, complaint texts."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.sql import (
    ExecuteStatementRequestOnWaitTimeout,
    ResultData,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

from refund_manager.domain.errors import LakehouseUnavailable
from refund_manager.domain.timeline import OrderEvents, OrderFacts, minutes_half_up, parse_timestamp, timeline

_EVENTS = """
SELECT event_type, ts, location_id, body FROM {catalog}.lakeflow.all_events
WHERE order_id = :order_id ORDER BY ts, sequence
"""
# One row per stage with its first time, so that the many pings are not transferred.
_FIRSTS = """
SELECT order_id, event_type, location_id, min(ts) AS ts,
       max(CASE WHEN event_type = 'order_created' THEN body END) AS body
FROM {catalog}.lakeflow.all_events
WHERE event_type IN ('order_created', 'gk_ready', 'driver_picked_up', 'delivered') AND ts >= :since AND ts <= :until
GROUP BY order_id, event_type, location_id
"""
_CITIES = """
SELECT location_id, location_name, p75_minutes, p99_minutes
FROM {catalog}.ai.order_delivery_times_per_location_view
"""
_BRANDS = "SELECT brand_id, name FROM {catalog}.{simulator}.brands"
# A statement takes no list as a parameter; IDs contain no comma.
_COMPLAINTS = """
SELECT complaint_id, complaint_text FROM {catalog}.complaints.raw_complaints
WHERE array_contains(split(:complaint_ids, ','), complaint_id)
"""
_LONGEST_ORDER = timedelta(hours=6)
_TIMELINES_KEPT = 1000


class Lakehouse:
    """Reads with a SQL warehouse. Every method that queries it raises LakehouseUnavailable."""

    def __init__(self, workspace: WorkspaceClient, warehouse_id: str, catalog: str, simulator: str) -> None:
        self._workspace, self._warehouse_id = workspace, warehouse_id
        self._names = {"catalog": _quoted(catalog), "simulator": simulator}
        self._delivered: dict[str, OrderEvents] = {}  # the timeline of a delivered order never changes

    def cached(self, order_id: str) -> OrderEvents | None:
        """The timeline of a delivered order if it was read before, without a query."""
        return self._delivered.get(order_id)

    def events(self, order_id: str) -> OrderEvents | None:
        """The timeline of an order; None if it has no events."""
        if cached := self.cached(order_id):
            return cached
        rows = self._rows(_EVENTS, order_id=order_id)
        try:
            found = timeline(order_id, rows) if rows else None
        except (ValueError, KeyError) as error:
            raise LakehouseUnavailable(f"an event of order {order_id} can't be read: {error}") from error
        if found and found.delivery_minutes is not None:
            self._keep(found)
        return found

    def facts(self, since: datetime, until: datetime) -> list[OrderFacts]:
        """The facts of the orders placed from `since` to `until`."""
        cities = {row[0]: row[1] for row in self.cities()}
        brands = dict(self._rows(_BRANDS))
        rows = self._rows(_FIRSTS, since=since.isoformat(), until=(until + _LONGEST_ORDER).isoformat())
        firsts: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for order_id, kind, *rest in rows:
            firsts[order_id][kind] = rest
        return [
            _facts(order_id, kinds, cities, brands) for order_id, kinds in firsts.items() if "order_created" in kinds
        ]

    def cities(self) -> list[list[str]]:
        """A row for each city: location_id, name, P75 and P99 of its delivery minutes."""
        return self._rows(_CITIES)

    def complaint_texts(self, complaint_ids: Sequence[str]) -> dict[str, str]:
        """What customers wrote, by the IDs of those of these complaints that are in the lakehouse."""
        rows = self._rows(_COMPLAINTS, complaint_ids=",".join(complaint_ids))
        # Postgres text can't contain NUL.
        return {complaint_id: text.replace("\0", "") for complaint_id, text in rows if text}

    def _keep(self, found: OrderEvents) -> None:
        if len(self._delivered) >= _TIMELINES_KEPT:
            self._delivered.clear()
        self._delivered[found.order_id] = found

    def _rows(self, statement: str, **values: str) -> list[list[str]]:
        try:
            answer = self._workspace.statement_execution.execute_statement(
                statement=statement.format(**self._names),
                warehouse_id=self._warehouse_id,
                wait_timeout="30s",
                on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CANCEL,
                parameters=[StatementParameterListItem(name=name, value=value) for name, value in values.items()],
            )
            if answer.status is None or answer.status.state is not StatementState.SUCCEEDED:
                error = answer.status and answer.status.error
                raise LakehouseUnavailable((error and error.message) or "no answer within 30 s")
            if answer.manifest and answer.manifest.truncated:
                raise LakehouseUnavailable("more rows than a warehouse returns at once")
            return self._chunks(answer)
        except (DatabricksError, OSError) as error:
            raise LakehouseUnavailable(str(error)) from error

    def _chunks(self, answer: StatementResponse) -> list[list[str]]:
        """All rows of a result, which the API returns in chunks."""
        chunk: ResultData | None = answer.result
        rows: list[list[str]] = []
        while chunk:
            rows += chunk.data_array or []
            next_index = chunk.next_chunk_index
            chunk = (
                self._workspace.statement_execution.get_statement_result_chunk_n(answer.statement_id, next_index)
                if next_index and answer.statement_id
                else None
            )
        return rows


def _quoted(catalog: str) -> str:
    """A catalog's name as SQL takes it, such as `my-kitchens`: it can't be bound as a parameter."""
    return f"`{catalog.replace('`', '``')}`"


def _facts(order_id: str, kinds: dict[str, list[str]], cities: dict[str, str], brands: dict[str, str]) -> OrderFacts:
    """The facts of an order, from the first event of each kind as [location_id, ts, body]."""
    location_id, _, body = kinds["order_created"]
    created = json.loads(body or "{}")
    items = created.get("items", [])
    placed, ready, picked_up, delivered = (
        parse_timestamp(kinds[kind][1]) if kind in kinds else None
        for kind in ("order_created", "gk_ready", "driver_picked_up", "delivered")
    )
    names = dict.fromkeys(brands.get(str(item.get("brand_id")), "unknown brand") for item in items)
    return OrderFacts(
        order_id=order_id,
        city=cities.get(location_id),
        brands=list(names),
        items=sum(item["qty"] for item in items),
        total_usd=sum((Decimal(str(item["price"])) * item["qty"] for item in items), Decimal(0)),
        minutes=minutes_half_up(placed, delivered),
        kitchen_minutes=minutes_half_up(placed, ready),
        waiting_minutes=minutes_half_up(ready, picked_up),
        road_minutes=minutes_half_up(picked_up, delivered),
        address=_address(created),
    )


def _address(created: dict[str, Any]) -> str | None:
    """The address of an order with its coordinates; None if the event lacks one of them."""
    street, lat, lon = (created.get(name) for name in ("customer_addr", "customer_lat", "customer_lon"))
    return None if street is None or lat is None or lon is None else f"{street} ({lat:.5f}, {lon:.5f})"
