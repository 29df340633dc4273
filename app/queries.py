"""All the SQL that the app speaks to Postgres, and nothing else."""

import psycopg
from models import ClassSummary, Decision, Recommendation

PREPARE = """
SELECT pg_advisory_xact_lock(hashtext('refunds.refund_decisions'));
CREATE SCHEMA IF NOT EXISTS refunds;
CREATE TABLE IF NOT EXISTS refunds.refund_decisions (
    order_id text PRIMARY KEY,
    decision text NOT NULL CHECK (decision IN ('approved', 'changed', 'denied')),
    amount numeric(10, 2) NOT NULL CHECK (amount >= 0),
    reason text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now());
"""

# The synced table belongs to the sync: the app reads its JSON as it stands, also where an answer is no JSON.
_SUGGESTED = """
FROM recommender.refund_recommendations r
CROSS JOIN LATERAL (SELECT CASE WHEN r.agent_response IS JSON OBJECT THEN r.agent_response::jsonb END AS body) a
CROSS JOIN LATERAL (SELECT
    a.body->>'refund_class' AS suggested_class,
    CASE WHEN jsonb_typeof(a.body->'refund_usd') = 'number'
         THEN round((a.body->>'refund_usd')::numeric, 2) END AS suggested_usd,
    coalesce(a.body->>'reason', 'The answer can''t be read.') AS suggested_reason) s
LEFT JOIN refunds.refund_decisions d ON d.order_id = r.order_id
"""

_SELECT = """
SELECT r.order_id, r.ts, r.order_ts, r.source, r.model, s.*,
       CASE WHEN d.order_id IS NOT NULL  -- the amount as text: a JSON number would become a float
            THEN to_jsonb(d) || jsonb_build_object('amount', d.amount::text) END AS decision
""" + _SUGGESTED

_LIST = _SELECT + """
WHERE (%(status)s = 'all' OR (d.order_id IS NULL) = (%(status)s = 'open'))
  AND (%(refund_class)s::text IS NULL OR s.suggested_class = %(refund_class)s)
  AND (%(before_ts)s::timestamptz IS NULL
       OR (r.order_ts, r.order_id) < (%(before_ts)s::timestamptz, %(before_id)s::text))
ORDER BY r.order_ts DESC, r.order_id DESC
LIMIT %(limit)s
"""

_SUMMARY = """
SELECT s.suggested_class, count(*) AS orders, count(*) FILTER (WHERE d.order_id IS NULL) AS open,
       coalesce(sum(s.suggested_usd), 0) AS suggested_usd, coalesce(sum(d.amount), 0) AS granted_usd
""" + _SUGGESTED + """
GROUP BY s.suggested_class
ORDER BY array_position(ARRAY['full', 'partial', 'none'], s.suggested_class)
"""

# First writer wins: a second one inserts nothing.
_DECIDE = """
INSERT INTO refunds.refund_decisions (order_id, decision, amount, reason, decided_by)
VALUES (%(order_id)s, %(decision)s, %(amount)s, %(reason)s, %(decided_by)s)
ON CONFLICT (order_id) DO NOTHING
RETURNING *
"""


def list_recommendations(connection: psycopg.Connection, *, status: str, refund_class: str | None,
                         before: tuple[str, str] | None, limit: int) -> list[Recommendation]:
    """Up to `limit` recommendations, newest order first, older than the place `before` (order_ts, order_id)."""
    before_ts, before_id = before or (None, None)
    rows = connection.execute(_LIST, {"status": status, "refund_class": refund_class, "before_ts": before_ts,
                                      "before_id": before_id, "limit": limit})
    return [Recommendation.model_validate(row) for row in rows]


def get_recommendation(connection: psycopg.Connection, order_id: str) -> Recommendation | None:
    """The recommendation of an order, or None."""
    row = connection.execute(_SELECT + "WHERE r.order_id = %s", (order_id,)).fetchone()
    return Recommendation.model_validate(row) if row else None


def summarise(connection: psycopg.Connection) -> list[ClassSummary]:
    """Counts and sums by suggested class."""
    return [ClassSummary.model_validate(row) for row in connection.execute(_SUMMARY)]


def save_decision(connection: psycopg.Connection, values: dict) -> Decision | None:
    """Insert a decision; None if the order has one already."""
    row = connection.execute(_DECIDE, values).fetchone()
    return Decision.model_validate(row) if row else None


def get_decision(connection: psycopg.Connection, order_id: str) -> Decision:
    """The decision of an order that has one."""
    row = connection.execute("SELECT * FROM refunds.refund_decisions WHERE order_id = %s", (order_id,)).fetchone()
    return Decision.model_validate(row)
