"""Refunds: list, look up, decide. Independent of HTTP; called by pages and API routes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from refund_manager.domain.cursor import of_sort, pack, unpack
from refund_manager.domain.errors import BadField, Conflict, NotFound
from refund_manager.domain.models import (
    UNDO_MINUTES,
    Change,
    Decision,
    Filters,
    Health,
    Page,
    Recommendation,
    RefundRequest,
    Sort,
    Summary,
    SyncState,
)
from refund_manager.domain.order_models import OrderDetails
from refund_manager.domain.timeline import OrderEvents
from refund_manager.postgres import decisions, order_context, overview, queue
from refund_manager.postgres.database import Connection, Database, Row
from refund_manager.services.lakehouse import Lakehouse
from refund_manager.services.queue_updater import QueueUpdater

MAX_NEW = 100
_SAVED_AS = {"approve": "approved", "change": "changed", "deny": "denied"}


@dataclass(frozen=True)
class Overview:
    """Rows by day, rows by city and by brand, and the figures of all decisions."""

    by_day: list[Row]
    groups: dict[str, list[Row]]
    figures: dict[str, Any]


class Refunds:
    """The queue, orders and decisions, from the app's database and the lakehouse.

    Methods that read the database raise Unavailable if it can't be reached or the queue has not been filled yet.
    """

    def __init__(self, database: Database, lakehouse: Lakehouse, updater: QueueUpdater) -> None:
        self._database, self._lakehouse, self._updater = database, lakehouse, updater

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside one transaction, once the queue has been filled; an exception rolls it back.

        The other services use it, too. Raises Unavailable.
        """
        self._updater.await_first()
        with self._database.connection() as connection:
            yield connection

    def summary(self) -> Summary:
        """Totals over all recommendations."""
        with self.transaction() as connection:
            return Summary.of(overview.summarise(connection))

    def page(self, filters: Filters, sort: Sort, cursor: str | None, limit: int) -> Page:
        """Up to `limit` rows of a list, starting at a cursor. Raises BadField for an invalid cursor."""
        after = unpack(cursor, of_sort(sort, queue.reader(sort))) if cursor else None
        with self.transaction() as connection:
            found = queue.list_recommendations(connection, filters, sort, after, limit + 1)
        more = pack(sort, *queue.position_of(found[limit - 1], sort)) if len(found) > limit else None
        return Page(recommendations=found[:limit], next_cursor=more)

    def rows(self, filters: Filters, sort: Sort) -> Iterator[Row]:
        """All rows of a list, read in portions while the caller iterates. Raises Unavailable."""
        with self.transaction() as connection:
            yield from queue.stream(connection, filters, sort)

    def next_order(self, found: Recommendation, filters: Filters, sort: Sort) -> str | None:
        """The ID of the order after `found` in a list; None at its end."""
        with self.transaction() as connection:
            after = queue.list_recommendations(connection, filters, sort, queue.position_of(found, sort), 1)
        return after[0].order_id if after else None

    def newest_order(self) -> datetime | None:
        """When the newest order was placed, from which orders' ages count; None if there is none."""
        with self.transaction() as connection:
            return queue.newest_order(connection)

    def new_since(self, filters: Filters, arrived: int) -> int:
        """The number of rows of a list that arrived after arrival number `arrived`, counted up to MAX_NEW."""
        with self.transaction() as connection:
            return queue.count_since(connection, filters, arrived, MAX_NEW)

    def last_arrival(self) -> int:
        """The arrival number of the newest row, 0 if the queue is empty."""
        with self.transaction() as connection:
            return queue.last_arrival(connection)

    def choices(self) -> dict[str, list[str]]:
        """The cities and brands that have orders, for the filters."""
        with self.transaction() as connection:
            return queue.choices(connection)

    def usual_minutes(self, city: str | None) -> Row | None:
        """P75 of a city's minutes in the kitchen, waiting for a driver and on the road; None for an unknown city."""
        with self.transaction() as connection:
            return queue.usual_minutes(connection, city)

    def overview(self, dimension: str, value: str | None, days: int) -> Overview:
        """The latest `days` days of all orders (`dimension` all), or of the city or brand `value`."""
        with self.transaction() as connection:
            return Overview(
                by_day=overview.by_day(connection, dimension, value, days),
                groups={name: overview.by_group(connection, name, days) for name in ("city", "brand")},
                figures=overview.figures(connection),
            )

    def recommendation(self, order_id: str) -> Recommendation:
        """The recommendation for an order. Raises NotFound."""
        with self.transaction() as connection:
            found = queue.get_recommendation(connection, order_id)
        if found is None:
            raise NotFound(f"There is no recommendation for order {order_id}.")
        return found

    def details(self, order_id: str) -> OrderDetails:
        """An order with its recommendation, the history of its decision, and its context. Raises NotFound."""
        found = self.recommendation(order_id)
        with self.transaction() as connection:
            return OrderDetails(
                **dict(found),
                history=decisions.history(connection, order_id) or _unrecorded(found.decision),
                others=order_context.same_address(connection, order_id),
                kitchen=order_context.kitchen(connection, order_id),
            )

    def cached_events(self, order_id: str) -> OrderEvents | None:
        """The timeline of a delivered order if it was read before; None otherwise, without a query."""
        return self._lakehouse.cached(order_id)

    def events(self, order_id: str) -> OrderEvents:
        """The timeline of an order. Raises NotFound or LakehouseUnavailable."""
        found = self._lakehouse.events(order_id)
        if found is None:
            raise NotFound(f"There are no events for order {order_id}.")
        return found

    def decide(self, request: RefundRequest, user: str, key: str | None = None) -> Decision:
        """Save a decision. A repeated `key` changes nothing and returns what the first request saved.

        Raises NotFound, BadField, Conflict if the order has another decision, or LakehouseUnavailable if the order's
        total is needed.
        """
        suggested = self.recommendation(request.order_id)
        if suggested.decision:
            return self._same_or_conflict(suggested.decision, user, key)
        values = {
            "order_id": request.order_id,
            "decision": _SAVED_AS[request.decision],
            "request_key": key,
            "amount": self._amount(request, suggested),
            "reason": request.reason,
            "decided_by": user,
        }
        with self.transaction() as connection:
            saved = decisions.save(connection, values)
            existing = saved or decisions.get(connection, request.order_id)
        if existing is None:
            raise Conflict(
                f"This decision was saved before and has been undone since. Order {request.order_id} is open again; "
                "nothing was changed."
            )
        return saved or self._same_or_conflict(existing, user, key)

    def undo(self, order_id: str, user: str) -> None:
        """Undo the user's own decision within UNDO_MINUTES. Raises NotFound, or Conflict if it can't be undone."""
        with self.transaction() as connection:
            if decisions.undo(connection, user, order_id):
                return
            existing = decisions.get(connection, order_id)
        if existing is None:
            raise NotFound(f"Order {order_id} has no decision to undo.")
        raise Conflict(
            f"{existing.decided_by} decided order {order_id} at {existing.decided_at:%H:%M} UTC. Only they can "
            f"undo it, within {UNDO_MINUTES} minutes.",
            existing,
        )

    def health(self, sync: SyncState | None) -> Health:
        """The health of the app, with the given state of the sync.

        Raises Unavailable if the database can't be reached or the queue has not been filled yet.
        """
        with self.transaction() as connection:
            connection.execute("SELECT 1")
        return Health(sync=sync, refreshed_at=self._updater.refreshed_at)

    @staticmethod
    def _same_or_conflict(existing: Decision, user: str, key: str | None) -> Decision:
        if key and (key, user) == (existing.request_key, existing.decided_by):
            return existing
        raise Conflict.decided(existing)

    def _amount(self, request: RefundRequest, suggested: Recommendation) -> Decimal:
        if request.decision == "deny":
            return Decimal(0)
        if request.decision == "approve":
            if suggested.suggested_usd is None:
                raise BadField("decision", "the suggestion can't be read: enter an amount or deny the refund")
            return suggested.suggested_usd
        if request.amount is None:
            raise BadField("amount", "enter the amount to refund")
        total = suggested.total_usd
        # A suggestion never exceeds the order's total, so only a higher amount needs to be compared with it.
        if total is None and (suggested.suggested_usd is None or request.amount > suggested.suggested_usd):
            total = self.events(request.order_id).total_usd
        if total is not None and request.amount > total:
            raise BadField("amount", f"more than the order's total of ${total}")
        return request.amount


def _unrecorded(decision: Decision | None) -> list[Change]:
    """The history of an order whose decision is older than the audit: that decision alone."""
    if decision is None:
        return []
    who, when = decision.decided_by, decision.decided_at
    return [
        Change(order_id=decision.order_id, changed_by=who, changed_at=when, bulk=False, before=None, after=decision)
    ]
