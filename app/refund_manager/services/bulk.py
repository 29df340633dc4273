"""Bulk approval: exactly the orders of the preview, or none."""

from pydantic import BaseModel

from refund_manager.domain.errors import BadField, Conflict, PreviewOutdated
from refund_manager.domain.models import UNDO_MINUTES, Arrival, BulkResult, Filters
from refund_manager.postgres import decisions, queue
from refund_manager.services.refunds import Refunds

MAX_ORDERS = 5000


class Preview(BaseModel):
    """The open orders with arrival numbers up to `upto`: their count, and their sum in dollars."""

    upto: Arrival
    orders: int
    amount: str


def preview(refunds: Refunds, filters: Filters) -> Preview:
    """Count and sum of what a bulk approval of this list would save now. Raises BadField above MAX_ORDERS orders."""
    with refunds.transaction() as connection:
        upto = queue.last_arrival(connection)
        found = decisions.preview(connection, filters, upto)
    if found.orders > MAX_ORDERS:
        raise BadField(
            "filters",
            f"{found.orders:,} open orders match, and at most {MAX_ORDERS:,} can be approved at once: narrow them",
        )
    return Preview(upto=upto, orders=found.orders, amount=str(found.amount))


def approve(refunds: Refunds, filters: Filters, seen: Preview, user: str, key: str) -> BulkResult:
    """Approve the orders of the preview `seen`. A repeated `key` changes nothing and returns the first result.

    Raises PreviewOutdated, and changes nothing, if the orders are no longer those of the preview.
    """
    with refunds.transaction() as connection:
        decisions.lock_queue(connection)
        before = decisions.of_bulk(connection, key)
        if before.orders:
            return before
        done = decisions.approve_all(connection, filters, seen.upto, user, key)
        if (done.orders, str(done.amount)) != (seen.orders, seen.amount) or done.orders > MAX_ORDERS:
            raise PreviewOutdated(done)  # the exception rolls the transaction back
    return done


def done(refunds: Refunds, key: str) -> BulkResult:
    """The result of the bulk approval with this key."""
    with refunds.transaction() as connection:
        return decisions.of_bulk(connection, key)


def undo(refunds: Refunds, user: str, key: str) -> int:
    """Undo the user's bulk approval with this key; returns how many orders. Raises Conflict if none can be undone."""
    with refunds.transaction() as connection:
        decisions.lock_queue(connection)
        undone = decisions.undo(connection, user, bulk_key=key)
    if not undone:
        raise Conflict(f"Nothing to undo: it was already undone, or is more than {UNDO_MINUTES} minutes old.")
    return undone
