"""Approving many orders at once: what the preview said, or nothing."""

from pydantic import BaseModel

from refund_manager.domain.errors import BadField, Conflict, PreviewOutdated
from refund_manager.domain.models import UNDO_MINUTES, BulkResult, Filters
from refund_manager.postgres import decisions, queue
from refund_manager.services.refunds import Refunds

MAX_ORDERS = 5000


class Preview(BaseModel):
    """What would be approved: open orders that had arrived when the preview was made, and their sum in dollars."""

    upto: int
    orders: int
    amount: str


def preview(refunds: Refunds, filters: Filters) -> Preview:
    """Count and sum of what a bulk approval of this list would do now. Raises BadField if it is too much."""
    with refunds.transaction() as connection:
        upto = queue.last_arrival(connection)
        found = decisions.preview(connection, filters, upto)
    if found.orders > MAX_ORDERS:
        raise BadField(
            "filters",
            f"{found.orders:,} open orders match; approve at most {MAX_ORDERS:,} at once. A narrower filter helps.",
        )
    return Preview(upto=upto, orders=found.orders, amount=str(found.amount))


def approve(refunds: Refunds, filters: Filters, seen: Preview, user: str, key: str) -> BulkResult:
    """Approve what `seen` showed. The same `key` again changes nothing and gets what it did.

    Raises PreviewOutdated if it is not the same any more; nothing is changed then.
    """
    with refunds.transaction() as connection:
        decisions.lock_queue(connection)
        before = decisions.of_bulk(connection, key)
        if before.orders:
            return before
        done = decisions.approve_all(connection, filters, seen.upto, user, key)
        if (done.orders, str(done.amount)) != (seen.orders, seen.amount) or done.orders > MAX_ORDERS:
            raise PreviewOutdated(done)  # leaving with an exception takes everything back
    return done


def done(refunds: Refunds, key: str) -> BulkResult:
    """What the bulk approval with this key saved."""
    with refunds.transaction() as connection:
        return decisions.of_bulk(connection, key)


def undo(refunds: Refunds, user: str, key: str) -> int:
    """Take back what the user's bulk approval with this key did. Raises Conflict if it is too late for that."""
    with refunds.transaction() as connection:
        decisions.lock_queue(connection)
        undone = decisions.undo(connection, user, bulk_key=key)
    if not undone:
        raise Conflict(f"Nothing to undo: it was undone before, or is older than {UNDO_MINUTES} minutes.")
    return undone
