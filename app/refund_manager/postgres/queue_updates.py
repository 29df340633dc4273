"""Updates of the queue: rows from the synced table, and the order facts and percentiles from the lakehouse."""

from collections.abc import Sequence
from datetime import datetime

from refund_manager.domain.timeline import OrderFacts
from refund_manager.postgres.answers import BODY
from refund_manager.postgres.database import Connection, Row

ANALYZE_ROWS = 1000

# Taken before rewriting many rows of the queue: two such transactions could deadlock on each other's rows.
LOCK_QUEUE = "SELECT pg_advisory_xact_lock(hashtext('refunds.queue'))"

# A cheap sign that the synced table has changed. Statistics can be late or lost, so it is a hint, not a proof.
_CHANGE_COUNTERS = """
SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables
WHERE relid = to_regclass('recommender.refund_recommendations')
"""

_REMOVE = """
DELETE FROM refunds.queue q
WHERE NOT EXISTS (SELECT FROM recommender.refund_recommendations r WHERE r.order_id = q.order_id)
"""

# The agent's answer should be JSON; one that can't be parsed gets no class and no amount.
_ADD = f"""
INSERT INTO refunds.queue AS known (order_id, ts, order_ts, source, model, suggested_class, suggested_usd,
                                    suggested_reason, decision, granted_usd)
SELECT r.order_id, r.ts, coalesce(r.order_ts, r.ts), r.source, r.model, s.class, s.usd, s.reason, d.decision, d.amount
FROM recommender.refund_recommendations r
LEFT JOIN refunds.queue q ON q.order_id = r.order_id
LEFT JOIN refunds.refund_decisions d ON d.order_id = r.order_id
{BODY}CROSS JOIN LATERAL (SELECT
    CASE WHEN jsonb_typeof(a.body->'refund_usd') = 'number' AND (a.body->>'refund_usd')::numeric BETWEEN 0 AND 1e7
         THEN round((a.body->>'refund_usd')::numeric, 2) END AS usd,
    a.body->>'refund_class' AS class, coalesce(a.body->>'reason', 'The agent''s answer can''t be read.') AS reason) s
WHERE q.order_id IS NULL OR q.ts <> r.ts
ORDER BY r.order_ts, r.order_id
ON CONFLICT (order_id) DO UPDATE SET
    ts = excluded.ts, order_ts = excluded.order_ts, source = excluded.source, model = excluded.model,
    suggested_class = excluded.suggested_class, suggested_usd = excluded.suggested_usd,
    suggested_reason = excluded.suggested_reason
"""

_PERIOD_WITHOUT_FACTS = """
SELECT min(order_ts) AS first, max(order_ts) AS last FROM (
    SELECT order_ts FROM refunds.queue WHERE facts_at IS NULL ORDER BY order_ts DESC LIMIT %s) newest
"""

_ADD_FACTS = """
UPDATE refunds.queue q SET facts_at = now(), city = f.city, brands = f.brands, items = f.items,
    total_usd = f.total_usd, minutes = f.minutes, kitchen_minutes = f.kitchen_minutes,
    waiting_minutes = f.waiting_minutes, road_minutes = f.road_minutes, address = f.address
FROM incoming_facts f WHERE f.order_id = q.order_id AND q.facts_at IS NULL
"""
_MARK_READ = "UPDATE refunds.queue SET facts_at = now() WHERE facts_at IS NULL AND order_ts BETWEEN %s AND %s"

# P75 of the minutes of each stage, over a city's latest 5,000 orders.
_STAGE_PERCENTILES = """
INSERT INTO refunds.cities (city, kitchen_p75, waiting_p75, road_p75)
SELECT c.city, percentile_cont(0.75) WITHIN GROUP (ORDER BY kitchen_minutes),
       percentile_cont(0.75) WITHIN GROUP (ORDER BY waiting_minutes),
       percentile_cont(0.75) WITHIN GROUP (ORDER BY road_minutes)
FROM refunds.cities c CROSS JOIN LATERAL (
    SELECT * FROM refunds.queue q WHERE q.city = c.city ORDER BY order_ts DESC LIMIT 5000) q
GROUP BY c.city
ON CONFLICT (city) DO UPDATE SET kitchen_p75 = excluded.kitchen_p75, waiting_p75 = excluded.waiting_p75,
    road_p75 = excluded.road_p75
"""

_CITY = """
INSERT INTO refunds.cities (city, p75_minutes, p99_minutes) VALUES (%s, %s, %s)
ON CONFLICT (city) DO UPDATE SET p75_minutes = excluded.p75_minutes, p99_minutes = excluded.p99_minutes
"""


def change_counters(connection: Connection) -> Row | None:
    """Counters that differ after the synced table has changed; None if there is no such table."""
    return connection.execute(_CHANGE_COUNTERS).fetchone()


def refresh(connection: Connection) -> None:
    """Make the queue match the synced table: remove, add and rewrite rows."""
    _begin(connection)
    connection.execute(_REMOVE)
    changed = connection.execute(_ADD).rowcount
    if changed > ANALYZE_ROWS:
        connection.execute("ANALYZE refunds.queue")  # autovacuum would do it up to a minute later


def period_without_facts(connection: Connection, limit: int) -> tuple[datetime, datetime] | None:
    """First and last order time of the newest `limit` orders without facts; None if all have them."""
    (row,) = connection.execute(_PERIOD_WITHOUT_FACTS, (limit,)).fetchall()
    return (row["first"], row["last"]) if row["first"] else None


def add_facts(connection: Connection, facts: Sequence[OrderFacts], period: tuple[datetime, datetime]) -> None:
    """Write the facts of a period's orders. Those without facts are marked as read, too, and not read again."""
    _begin(connection)
    columns = list(OrderFacts.model_fields)
    connection.execute(
        "CREATE TEMP TABLE incoming_facts ON COMMIT DROP AS SELECT order_id, city, brands, items, "
        "total_usd, minutes, kitchen_minutes, waiting_minutes, road_minutes, address FROM refunds.queue "
        "LIMIT 0"
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY incoming_facts ({', '.join(columns)}) FROM STDIN") as copy:
        for order in facts:
            copy.write_row([getattr(order, column) for column in columns])
    connection.execute(_ADD_FACTS)
    connection.execute(_MARK_READ, period)


def set_cities(connection: Connection, cities: Sequence[tuple[str, str, str]]) -> None:
    """Write the cities' percentiles (name, P75, P99 in minutes), and the P75 of each stage of their orders."""
    for city in cities:
        connection.execute(_CITY, city)
    connection.execute(_STAGE_PERCENTILES)


def _begin(connection: Connection) -> None:
    connection.execute("SET LOCAL statement_timeout = 0")  # the first fill of a million rows takes longer
    connection.execute(LOCK_QUEUE)
