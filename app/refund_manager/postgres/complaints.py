"""SQL for the complaints' database: decisions are written to schema `app`, everything else is only read."""

from datetime import datetime
from typing import TypeAlias

from refund_manager.domain.complaint_models import Complaint, ComplaintDecision
from refund_manager.postgres.database import Connection

# `rank` puts escalations before suggested credits, and high priority before low.
_SELECT = """
SELECT * FROM (
    SELECT r.complaint_id, r.order_id, r.ts, r.source, a.body->>'category' AS category,
           a.body->>'decision' AS suggested, a.body->>'priority' AS priority, a.body->>'rationale' AS rationale,
           a.body->>'customer_response' AS reply,
           CASE WHEN jsonb_typeof(a.body->'credit_amount') = 'number'
                THEN round((a.body->>'credit_amount')::numeric, 2) END AS credit,
           (CASE WHEN a.body->>'decision' = 'suggest_credit' THEN 10 ELSE 0 END
            + coalesce(array_position(ARRAY['high', 'medium', 'low'], a.body->>'priority'), 4)) AS rank,
           CASE WHEN d.complaint_id IS NOT NULL
                THEN to_jsonb(d) || jsonb_build_object('credit', d.credit::text) END AS decision
    FROM complaints.complaint_responses r
    CROSS JOIN LATERAL (SELECT CASE WHEN r.agent_response IS JSON OBJECT THEN r.agent_response::jsonb END AS body) a
    LEFT JOIN app.complaint_decisions d ON d.complaint_id = r.complaint_id) c
"""
_LIST = (
    _SELECT
    + """
WHERE (%(status)s = 'all' OR (decision IS NULL) = (%(status)s = 'open'))
  AND (%(order_id)s::text IS NULL OR order_id = %(order_id)s)
  AND (%(rank)s::int IS NULL
       OR (rank, -extract(epoch FROM ts), complaint_id)
          > (%(rank)s, -extract(epoch FROM %(ts)s::timestamptz), %(complaint_id)s))
ORDER BY rank, -extract(epoch FROM ts), complaint_id LIMIT %(limit)s
"""
)
_DECIDE = """
INSERT INTO app.complaint_decisions (complaint_id, decision, credit, decided_by)
VALUES (%s, %s, %s, %s) ON CONFLICT (complaint_id) DO NOTHING RETURNING *
"""

After: TypeAlias = tuple[int, datetime, str]


def list_complaints(
    connection: Connection, status: str, after: After | None, limit: int, order_id: str | None = None
) -> list[Complaint]:
    """Up to `limit` complaints that sort after `after` (rank, ts, complaint_id): by rank, then newest first.

    `status` is open, decided or all; `order_id` restricts the list to one order.
    """
    rank, ts, complaint_id = after or (None, None, None)
    rows = connection.execute(
        _LIST,
        {"status": status, "order_id": order_id, "rank": rank, "ts": ts, "complaint_id": complaint_id, "limit": limit},
    )
    return [Complaint.model_validate(row) for row in rows]


def get_complaint(connection: Connection, complaint_id: str) -> Complaint | None:
    """A complaint with its response and its decision; None if there is no such complaint."""
    row = connection.execute(_SELECT + "WHERE complaint_id = %s", (complaint_id,)).fetchone()
    return Complaint.model_validate(row) if row else None


def save(connection: Connection, decision: ComplaintDecision) -> bool:
    """Insert a decision; returns False if the complaint already has one."""
    values = (decision.complaint_id, decision.decision, decision.credit, decision.decided_by)
    return connection.execute(_DECIDE, values).fetchone() is not None
