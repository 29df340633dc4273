"""An order's events, read from the lakehouse through the SQL Statement API."""

import json
from datetime import datetime
from decimal import Decimal

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.sql import ExecuteStatementRequestOnWaitTimeout, StatementParameterListItem, StatementState
from models import Item, OrderEvents, Stage

_EVENTS = """
SELECT event_type, ts, location_id, body FROM lakeflow.all_events
WHERE order_id = :order_id ORDER BY ts, sequence
"""
_LABELS = {
    "order_created": "Ordered", "gk_started": "Cooking started", "gk_finished": "Cooking finished",
    "gk_ready": "Ready for pick-up", "driver_arrived": "Driver arrived", "driver_picked_up": "Picked up",
    "driver_ping": "On the way", "delivered": "Delivered",
}


class EventsUnavailable(Exception):
    """The lakehouse did not answer; the message says why."""


class EventReader:
    """Reads events with a SQL warehouse."""

    def __init__(self, workspace: WorkspaceClient, warehouse_id: str, catalog: str) -> None:
        self._workspace, self._warehouse_id, self._catalog = workspace, warehouse_id, catalog

    def read(self, order_id: str) -> OrderEvents | None:
        """The course of an order, None if there are no events of it. Raises EventsUnavailable."""
        rows = self._rows(order_id)
        try:
            return course(order_id, rows) if rows else None
        except (ValueError, KeyError) as error:
            raise EventsUnavailable(f"an event of order {order_id} can't be read: {error}") from error

    def _rows(self, order_id: str) -> list[list[str]]:
        try:
            answer = self._workspace.statement_execution.execute_statement(
                statement=_EVENTS, warehouse_id=self._warehouse_id, catalog=self._catalog, wait_timeout="30s",
                on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CANCEL,
                parameters=[StatementParameterListItem(name="order_id", value=order_id)])
        except (DatabricksError, OSError) as error:
            raise EventsUnavailable(str(error)) from error
        if answer.status.state is not StatementState.SUCCEEDED:
            raise EventsUnavailable(answer.status.error.message if answer.status.error else "no answer within 30 s")
        return (answer.result.data_array if answer.result else None) or []


def course(order_id: str, rows: list[list[str]]) -> OrderEvents:
    """Turn event rows (event_type, ts, location_id, body), in order of time, into stages and items."""
    events = [(kind, datetime.fromisoformat(ts), json.loads(body or "{}")) for kind, ts, _, body in rows]
    items = [Item.model_validate(item) for kind, _, body in events if kind == "order_created"
             for item in body["items"]]
    first = {kind: ts for kind, ts, _ in reversed(events)}
    delivered = first.get("delivered")
    minutes = _minutes(first.get("order_created"), delivered) if delivered else None
    return OrderEvents(order_id=order_id, location_id=int(rows[0][2]), stages=_stages(events), items=items,
                       total_usd=sum((item.total for item in items), Decimal(0)), delivery_minutes=minutes)


def _stages(events: list[tuple[str, datetime, dict]]) -> list[Stage]:
    """One stage an event; the driver's pings in a row are one, at the time of the last."""
    stages: list[Stage] = []
    pings, before = 0, None
    for place, (kind, ts, _) in enumerate(events):
        pings += kind == "driver_ping"
        if kind == "driver_ping" and events[place + 1:place + 2] and events[place + 1][0] == "driver_ping":
            continue
        stages.append(Stage(name=_LABELS.get(kind, kind), ts=ts, minutes=_minutes(before, ts), pings=pings))
        pings, before = 0, ts
    return stages


def _minutes(start: datetime | None, end: datetime) -> float | None:
    return round((end - start).total_seconds() / 60, 1) if start else None
