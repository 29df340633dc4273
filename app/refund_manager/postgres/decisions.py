"""Decisions: at most one per order, where the first writer wins; undo; bulk approval; and their audit."""

from decimal import Decimal

from psycopg import sql

from refund_manager.domain.models import UNDO_MINUTES, BulkResult, Change, Decision, Filters
from refund_manager.postgres.database import Connection, Row
from refund_manager.postgres.queue import where
from refund_manager.postgres.queue_updates import LOCK_QUEUE

# The first writer wins: a second one inserts nothing. Neither does a repeated request whose decision was undone,
# because its key stays in the audit.
_DECIDE = """
INSERT INTO refunds.refund_decisions (order_id, decision, amount, reason, decided_by, request_key)
SELECT %(order_id)s, %(decision)s, %(amount)s, %(reason)s, %(decided_by)s, %(request_key)s
WHERE NOT EXISTS (SELECT FROM refunds.decision_audit WHERE request_key = %(request_key)s)
ON CONFLICT (order_id) DO NOTHING
RETURNING *
"""
_GET = "SELECT * FROM refunds.refund_decisions WHERE order_id = %s"

_UNDO = f"""
DELETE FROM refunds.refund_decisions
WHERE decided_by = %(user)s AND decided_at > now() - interval '{UNDO_MINUTES} minutes'
  AND (order_id = %(order_id)s OR request_key LIKE %(keys)s)
RETURNING order_id
"""
_AUDIT = """
SELECT order_id, changed_by, changed_at, coalesce(request_key LIKE '%%:%%', false) AS bulk,
       before || jsonb_build_object('amount', before->>'amount') AS before,
       after || jsonb_build_object('amount', after->>'amount') AS after
FROM refunds.decision_audit WHERE order_id = %s ORDER BY id
"""

_READABLE = "q.decision IS NULL AND q.suggested_usd IS NOT NULL AND q.arrived <= %(upto)s AND "
_APPROVE_ALL = """
INSERT INTO refunds.refund_decisions (order_id, decision, amount, reason, decided_by, request_key)
SELECT q.order_id, 'approved', q.suggested_usd, '', %(user)s, %(key)s || ':' || q.order_id
FROM refunds.queue q WHERE {}
ORDER BY q.order_id
ON CONFLICT (order_id) DO NOTHING
RETURNING amount
"""
_BY_KEY = """
SELECT count(*) AS orders, coalesce(sum((after->>'amount')::numeric), 0) AS amount FROM refunds.decision_audit
WHERE request_key LIKE %s
"""


def save(connection: Connection, values: Row) -> Decision | None:
    """Insert a decision (a value per column); None if the order already has one, or the request was saved before."""
    row = connection.execute(_DECIDE, values).fetchone()
    return Decision.model_validate(row) if row else None


def get(connection: Connection, order_id: str) -> Decision | None:
    """The decision of an order, or None."""
    row = connection.execute(_GET, (order_id,)).fetchone()
    return Decision.model_validate(row) if row else None


def undo(connection: Connection, user: str, order_id: str | None = None, bulk_key: str | None = None) -> int:
    """Delete a user's decision about an order, or those of a bulk approval, within UNDO_MINUTES; returns how many."""
    connection.execute("SELECT set_config('refunds.user', %s, true)", (user,))
    values = {"user": user, "order_id": order_id, "keys": f"{bulk_key}:%" if bulk_key else None}
    return connection.execute(_UNDO, values).rowcount


def history(connection: Connection, order_id: str) -> list[Change]:
    """Every change of an order's decision, oldest first."""
    return [Change.model_validate(row) for row in connection.execute(_AUDIT, (order_id,))]


def lock_queue(connection: Connection) -> None:
    """Keep others from rewriting many rows of the queue until this transaction ends."""
    connection.execute(LOCK_QUEUE)


def preview(connection: Connection, filters: Filters, upto: int) -> BulkResult:
    """Count and sum of the list's open orders with a readable suggestion, among the rows up to arrival `upto`."""
    query = sql.SQL(
        "SELECT count(*) AS orders, coalesce(sum(q.suggested_usd), 0) AS amount FROM refunds.queue q WHERE {}"
    ).format(sql.SQL(_READABLE + where(filters)))
    return BulkResult.model_validate(connection.execute(query, filters.model_dump() | {"upto": upto}).fetchone())


def approve_all(connection: Connection, filters: Filters, upto: int, user: str, key: str) -> BulkResult:
    """Approve the orders that `preview` counts; returns how many were approved, and their sum."""
    query = sql.SQL(_APPROVE_ALL).format(sql.SQL(_READABLE + where(filters)))
    rows = connection.execute(query, filters.model_dump() | {"upto": upto, "user": user, "key": key}).fetchall()
    return BulkResult(orders=len(rows), amount=sum((row["amount"] for row in rows), Decimal(0)))


def of_bulk(connection: Connection, key: str) -> BulkResult:
    """Count and sum of what the bulk approval with this key saved."""
    return BulkResult.model_validate(connection.execute(_BY_KEY, (f"{key}:%",)).fetchone())
