"""What the app does, told without HTTP: list, look up, decide. Pages and API both call this."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from refund_manager.domain.cursor import pack, unpack
from refund_manager.domain.errors import BadField, Conflict, NotFound
from refund_manager.domain.models import (
    UNDO_MINUTES,
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
    """Refunds: the queue, orders and decisions, over the app's database and the lakehouse's events."""

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
        """All recommendations in figures."""
        with self.transaction() as connection:
            return Summary.of(overview.summarise(connection))

    def page(self, filters: Filters, sort: Sort, cursor: str | None, limit: int) -> Page:
        """One page of a list. Raises BadField for a cursor that no page handed out."""
        after = unpack(cursor, _position(sort)) if cursor else None
        with self.transaction() as connection:
            found = queue.list_recommendations(connection, filters, sort, after, limit + 1)
        more = pack(sort, *queue.position_of(found[limit - 1], sort)) if len(found) > limit else None
        return Page(recommendations=found[:limit], next_cursor=more)

    def rows(self, filters: Filters, sort: Sort) -> Iterator[Row]:
        """All rows of a list, read in portions while the caller iterates. Raises Unavailable."""
        with self.transaction() as connection:
            yield from queue.stream(connection, filters, sort)

    def next_order(self, found: Recommendation, filters: Filters, sort: Sort) -> str | None:
        """The order after this one in a list, None at its end."""
        with self.transaction() as connection:
            after = queue.list_recommendations(connection, filters, sort, queue.position_of(found, sort), 1)
        return after[0].order_id if after else None

    def new_since(self, filters: Filters, arrived: int) -> int:
        """How many rows of a list came after arrival `arrived`; more than MAX_NEW are not counted."""
        with self.transaction() as connection:
            return queue.count_since(connection, filters, arrived, MAX_NEW)

    def last_arrival(self) -> int:
        """The number of the row that arrived last, 0 if none has."""
        with self.transaction() as connection:
            return queue.last_arrival(connection)

    def choices(self) -> dict[str, list[str]]:
        """The cities and brands to filter by."""
        with self.transaction() as connection:
            return queue.choices(connection)

    def usual_minutes(self, city: str | None) -> Row | None:
        """P75 of the minutes in a city's kitchen, waiting for a driver and on the road; None for an unknown city."""
        with self.transaction() as connection:
            return queue.usual_minutes(connection, city)

    def overview(self, dimension: str, value: str | None, days: int) -> Overview:
        """The last `days` days of all orders, or of one city or brand (`dimension` and its `value`)."""
        with self.transaction() as connection:
            return Overview(
                by_day=overview.by_day(connection, dimension, value, days),
                groups={name: overview.by_group(connection, name, days) for name in ("city", "brand")},
                figures=overview.figures(connection),
            )

    def recommendation(self, order_id: str) -> Recommendation:
        """The recommendation of an order. Raises NotFound."""
        with self.transaction() as connection:
            found = queue.get_recommendation(connection, order_id)
        if found is None:
            raise NotFound(f"There is no recommendation for order {order_id}.")
        return found

    def details(self, order_id: str) -> OrderDetails:
        """An order with the history of its decision and its context. Raises NotFound."""
        found = self.recommendation(order_id)
        with self.transaction() as connection:
            return OrderDetails(
                **dict(found),
                history=decisions.history(connection, order_id),
                others=order_context.same_address(connection, order_id),
                kitchen=order_context.kitchen(connection, order_id),
            )

    def cached_events(self, order_id: str) -> OrderEvents | None:
        """The timeline of an order if it was read before; asks nobody."""
        return self._lakehouse.cached(order_id)

    def events(self, order_id: str) -> OrderEvents:
        """The timeline of an order. Raises NotFound or LakehouseUnavailable."""
        found = self._lakehouse.events(order_id)
        if found is None:
            raise NotFound(f"There are no events of order {order_id}.")
        return found

    def decide(self, request: RefundRequest, user: str, key: str | None = None) -> Decision:
        """Save a decision. The same `key` again changes nothing and gets what it saved.

        Raises NotFound, BadField, or Conflict if the order has another decision.
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
                f"This was sent before, and order {request.order_id} was reopened since. Nothing was changed."
            )
        return saved or self._same_or_conflict(existing, user, key)

    def undo(self, order_id: str, user: str) -> None:
        """Take back the user's own decision while there is time. Raises NotFound, or Conflict if it can't be."""
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
        """How the app is, with what is known of the sync.

        Raises Unavailable if the database does not answer, or the queue was not filled yet.
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
                raise BadField("decision", "the suggestion can't be read: change the amount or deny instead")
            return suggested.suggested_usd
        if request.amount is None:
            raise BadField("amount", "say which amount to refund instead")
        total = suggested.total_usd
        if total is None and (suggested.suggested_usd is None or request.amount > suggested.suggested_usd):
            total = self.events(request.order_id).total_usd  # no suggestion exceeds the total: only a raise needs it
        if total is not None and request.amount > total:
            raise BadField("amount", f"more than the order's total of ${total}")
        return request.amount


def _position(sort: Sort) -> Callable[[str, str, str], queue.Position]:
    """How to read the place in a list of this order; a cursor of another one is refused."""

    def read(sorted_by: str, key: str, order_id: str) -> queue.Position:
        if sorted_by != sort:
            raise ValueError(f"a cursor of the order {sorted_by}")
        return queue.parse_position(key, order_id, sort)

    return read
