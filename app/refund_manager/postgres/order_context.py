"""The context of an order: other orders to the same address, and of the same kitchen at the time."""

from refund_manager.domain.order_models import Kitchen, OtherOrder
from refund_manager.postgres.database import Connection

_SAME_ADDRESS = """
SELECT o.order_id, o.order_ts, o.total_usd, o.suggested_class, o.suggested_usd, o.decision, o.granted_usd
FROM refunds.queue q JOIN refunds.queue o ON o.address = q.address AND o.order_id <> q.order_id
WHERE q.order_id = %s ORDER BY o.order_ts DESC, o.order_id LIMIT %s
"""
_KITCHEN = """
SELECT count(*) AS orders, count(*) FILTER (WHERE o.minutes > c.p75_minutes) AS late,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY o.minutes)::numeric(8, 1) AS median_minutes
FROM refunds.queue q JOIN refunds.queue o ON o.city = q.city AND o.order_id <> q.order_id
    AND o.order_ts BETWEEN q.order_ts - interval '15 minutes' AND q.order_ts + interval '15 minutes'
LEFT JOIN refunds.cities c ON c.city = q.city
WHERE q.order_id = %s AND o.minutes IS NOT NULL
"""


def same_address(connection: Connection, order_id: str, limit: int = 10) -> list[OtherOrder]:
    """The newest `limit` other orders to the same address."""
    return [OtherOrder.model_validate(row) for row in connection.execute(_SAME_ADDRESS, (order_id, limit))]


def kitchen(connection: Connection, order_id: str) -> Kitchen:
    """Delivered orders of the same city placed at most 15 minutes before or after the order, in figures."""
    return Kitchen.model_validate(connection.execute(_KITCHEN, (order_id,)).fetchone())
