"""Updates of the app's table of complaints: rows from the synced table, customers' texts, and cities and brands."""

from collections.abc import Mapping, Sequence

from refund_manager.postgres.answers import BODY
from refund_manager.postgres.database import Connection, Row

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('app.complaints'))"
_REMOVE = """
DELETE FROM app.complaints c
WHERE NOT EXISTS (SELECT FROM complaints.complaint_responses r WHERE r.complaint_id = c.complaint_id)
"""
# An answer that can't be parsed gets no suggestion. In the urgency, escalations come before credits, and high priority
# before low; a rank is worth more seconds than any time has.
_ADD = f"""
INSERT INTO app.complaints (complaint_id, order_id, ts, source, model, category, suggested, priority, rationale, reply,
                            credit, urgency)
SELECT r.complaint_id, r.order_id, r.ts, r.source, r.model, a.body->>'category', a.body->>'decision',
       a.body->>'priority', a.body->>'rationale', a.body->>'customer_response',
       CASE WHEN jsonb_typeof(a.body->'credit_amount') = 'number'
                 AND (a.body->>'credit_amount')::numeric BETWEEN 0 AND 1e7
            THEN round((a.body->>'credit_amount')::numeric, 2) END,
       round((CASE WHEN a.body->>'decision' = 'suggest_credit' THEN 10 ELSE 0 END
              + coalesce(array_position(ARRAY['high', 'medium', 'low'], a.body->>'priority'), 4)) * 1e11
             - extract(epoch FROM r.ts), 2)
FROM complaints.complaint_responses r
LEFT JOIN app.complaints c ON c.complaint_id = r.complaint_id
{BODY}WHERE c.complaint_id IS NULL OR c.ts <> r.ts
ON CONFLICT (complaint_id) DO UPDATE SET
    order_id = excluded.order_id, ts = excluded.ts, source = excluded.source, model = excluded.model,
    category = excluded.category, suggested = excluded.suggested, priority = excluded.priority,
    rationale = excluded.rationale, reply = excluded.reply, credit = excluded.credit, urgency = excluded.urgency
"""
_WITHOUT_TEXT = """
SELECT complaint_id FROM app.complaints WHERE text_at IS NULL ORDER BY urgency, complaint_id LIMIT %s
"""
_SET_TEXTS = """
UPDATE app.complaints c SET text = new.text, text_at = now()
FROM unnest(%s::text[], %s::text[]) AS new (complaint_id, text) WHERE c.complaint_id = new.complaint_id
"""
_WITHOUT_PLACE = "SELECT DISTINCT order_id FROM app.complaints WHERE place_at IS NULL"
_SET_PLACES = """
UPDATE app.complaints SET city = %(city)s, brands = %(brands)s, place_at = now()
WHERE order_id = %(order_id)s AND place_at IS NULL
"""
_SET_CHOICES = """
WITH found AS (
    SELECT 'category' AS filter, category AS value FROM app.complaints
    UNION SELECT 'city', city FROM app.complaints
    UNION SELECT 'brand', unnest(brands) FROM app.complaints),
gone AS (DELETE FROM app.complaint_choices c WHERE (c.filter, c.value) NOT IN (SELECT * FROM found WHERE value <> ''))
INSERT INTO app.complaint_choices SELECT * FROM found WHERE value <> '' ON CONFLICT DO NOTHING
"""


def refresh(connection: Connection) -> None:
    """Make the app's table match the synced table: remove, add and rewrite rows."""
    connection.execute(_LOCK)
    if connection.execute(_REMOVE).rowcount + connection.execute(_ADD).rowcount:
        connection.execute(_SET_CHOICES)


def without_text(connection: Connection, limit: int) -> list[str]:
    """The IDs of up to `limit` complaints whose text has not been looked up, the most urgent first."""
    return [row["complaint_id"] for row in connection.execute(_WITHOUT_TEXT, (limit,))]


def set_texts(connection: Connection, complaint_ids: Sequence[str], texts: Mapping[str, str]) -> None:
    """Write the texts of these complaints. Those without a text are marked as looked up, too."""
    connection.execute(_LOCK)
    found = [texts.get(complaint_id) for complaint_id in complaint_ids]
    connection.execute(_SET_TEXTS, (list(complaint_ids), found))


def orders_without_place(connection: Connection) -> list[str]:
    """The IDs of the orders whose city and brands are not known."""
    return [row["order_id"] for row in connection.execute(_WITHOUT_PLACE)]


def set_places(connection: Connection, places: Sequence[Row]) -> None:
    """Write the city and the brands of orders (rows with order_id, city, brands) to the complaints about them."""
    connection.execute(_LOCK)
    with connection.cursor() as cursor:
        cursor.executemany(_SET_PLACES, places)
    connection.execute(_SET_CHOICES)
