"""What the app does, told without HTTP: list, look up, decide. Pages and API both call this."""

import base64
import binascii
from datetime import datetime
from decimal import Decimal

import queries
from db import Database
from events import EventReader
from models import Decision, OrderEvents, Page, Recommendation, RefundRequest, Summary

_SAVED_AS = {"approve": "approved", "change": "changed", "deny": "denied"}


class NotFound(Exception):
    """No such order; the message says which."""


class Conflict(Exception):
    """Somebody else has decided the order: `decision` is theirs."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"{decision.decided_by} has decided order {decision.order_id} already: "
                         f"{decision.decision}, ${decision.amount}. Nothing was changed.")
        self.decision = decision


class BadField(Exception):
    """A value that makes no sense: the field's name and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class Refunds:
    """The refund desk over its database and the lakehouse's events."""

    def __init__(self, database: Database, events: EventReader) -> None:
        self._database, self._events = database, events

    def summary(self) -> Summary:
        """All recommendations in figures."""
        with self._database.connection() as connection:
            return Summary.of(queries.summarise(connection))

    def page(self, status: str, refund_class: str | None, cursor: str | None, limit: int) -> Page:
        """One page, newest first. Raises BadField for a cursor that no page handed out."""
        before = _decode(cursor) if cursor else None
        with self._database.connection() as connection:
            found = queries.list_recommendations(connection, status=status, refund_class=refund_class,
                                                 before=before, limit=limit + 1)
        more = _encode(found[limit - 1]) if len(found) > limit else None
        return Page(recommendations=found[:limit], next_cursor=more)

    def recommendation(self, order_id: str) -> Recommendation:
        """The recommendation of an order. Raises NotFound."""
        with self._database.connection() as connection:
            found = queries.get_recommendation(connection, order_id)
        if found is None:
            raise NotFound(f"There is no recommendation for order {order_id}.")
        return found

    def events(self, order_id: str) -> OrderEvents:
        """The course of an order. Raises NotFound or EventsUnavailable."""
        found = self._events.read(order_id)
        if found is None:
            raise NotFound(f"There are no events of order {order_id}.")
        return found

    def decide(self, request: RefundRequest, user: str) -> Decision:
        """Save a decision. Raises NotFound, BadField, or Conflict if the order has one."""
        suggested = self.recommendation(request.order_id)
        if suggested.decision:
            raise Conflict(suggested.decision)
        values = {"order_id": request.order_id, "decision": _SAVED_AS[request.decision],
                  "amount": self._amount(request, suggested), "reason": request.reason, "decided_by": user}
        with self._database.connection() as connection:
            saved = queries.save_decision(connection, values)
            if saved is None:
                raise Conflict(queries.get_decision(connection, request.order_id))
        return saved

    def ping(self) -> None:
        """Return if the database answers. Raises Unavailable."""
        with self._database.connection() as connection:
            connection.execute("SELECT 1")

    def _amount(self, request: RefundRequest, suggested: Recommendation) -> Decimal:
        if request.decision == "deny":
            return Decimal(0)
        if request.decision == "approve":
            if suggested.suggested_usd is None:
                raise BadField("decision", "the suggestion can't be read: change the amount or deny instead")
            return suggested.suggested_usd
        # No suggestion exceeds the order's total, so only a raise needs the total from the lakehouse.
        if suggested.suggested_usd is None or request.amount > suggested.suggested_usd:
            total = self.events(request.order_id).total_usd
            if request.amount > total:
                raise BadField("amount", f"more than the order's total of ${total}")
        return request.amount


def _encode(last: Recommendation) -> str:
    return base64.urlsafe_b64encode(f"{last.order_ts.isoformat()} {last.order_id}".encode()).decode()


def _decode(cursor: str) -> tuple[str, str]:
    try:
        ts, order_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(ts).isoformat(), order_id
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadField("cursor", "no page handed out this cursor") from None
