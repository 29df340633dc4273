"""What else there was around an order: at the same door, and in the kitchen at that time."""

from refund_manager.domain.order_models import Kitchen, OtherOrder
from refund_manager.postgres.database import Connection

_AT_THE_DOOR = """
SELECT o.order_id, o.order_ts, o.total_usd, o.suggested_class, o.suggested_usd, o.decision, o.granted_usd
FROM refunds.queue q JOIN refunds.queue o ON o.door = q.door AND o.order_id <> q.order_id
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
    """The newest other orders that went to the same address."""
    return [OtherOrder.model_validate(row) for row in connection.execute(_AT_THE_DOOR, (order_id, limit))]


def kitchen(connection: Connection, order_id: str) -> Kitchen:
    """The other delivered orders of its kitchen, placed up to a quarter of an hour before or after it."""
    return Kitchen.model_validate(connection.execute(_KITCHEN, (order_id,)).fetchone())
