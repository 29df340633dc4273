"""Complaints: filtered and sorted lists with keyset pagination, single ones, and decisions about credits."""

from collections.abc import Callable

from psycopg import sql

from refund_manager.domain.complaint_models import Complaint, ComplaintDecision, ComplaintFilters, ComplaintSort
from refund_manager.postgres import listing
from refund_manager.postgres.database import Connection
from refund_manager.postgres.listing import Conditions, Position, SortOrder, values

_SELECT = """
SELECT c.complaint_id, c.order_id, c.ts, c.source, c.model, c.category, c.suggested, c.priority, c.rationale, c.reply,
       c.credit, c.urgency, c.text, c.city, c.brands,
       CASE WHEN d.complaint_id IS NOT NULL  -- the credit as text: a JSON number would become a float
            THEN to_jsonb(d) || jsonb_build_object('credit', d.credit::text) END AS decision
FROM app.complaints c LEFT JOIN app.complaint_decisions d ON d.complaint_id = c.complaint_id
"""
_ONE = _SELECT + "WHERE c.complaint_id = %s"
_OF_ORDER = _SELECT + "WHERE c.order_id = %s ORDER BY c.urgency, c.complaint_id LIMIT %s"
_DECIDE = """
INSERT INTO app.complaint_decisions (complaint_id, decision, credit, decided_by)
VALUES (%s, %s, %s, %s) ON CONFLICT (complaint_id) DO NOTHING RETURNING *
"""

_CONDITIONS: Conditions = {
    "status": {"open": "d.complaint_id IS NULL", "decided": "d.complaint_id IS NOT NULL", "all": None},
    "suggested": {
        "escalation": "c.suggested IS DISTINCT FROM 'suggest_credit'",
        "credit": "c.suggested = 'suggest_credit'",
        None: None,
    },
    "category": "c.category = %(category)s",
    "city": "c.city = %(city)s",
    "brand": "c.brands @> ARRAY[%(brand)s]::text[]",
    "min_usd": "c.credit >= %(min_usd)s",
    "max_usd": "c.credit <= %(max_usd)s",
    "source": "c.source = %(source)s",
    "text": "(c.order_id = upper(%(text)s) OR c.words @@ websearch_to_tsquery('simple', %(text)s))",
}
_SORT_ORDERS: dict[ComplaintSort, SortOrder] = {
    "urgent": SortOrder("c.urgency", "numeric", "ASC", "c.complaint_id"),
    "newest": SortOrder("c.ts", "timestamptz", "DESC", "c.complaint_id"),
    "oldest": SortOrder("c.ts", "timestamptz", "ASC", "c.complaint_id"),
    "amount": SortOrder("coalesce(c.credit, -1)", "numeric", "DESC", "c.complaint_id"),
}


def list_complaints(
    connection: Connection, filters: ComplaintFilters, sort: ComplaintSort, after: Position | None, limit: int
) -> list[Complaint]:
    """Up to `limit` complaints sorted by `sort`, starting after the position `after`."""
    order = _SORT_ORDERS[sort]
    parts = (_SELECT, listing.where(_CONDITIONS, filters), order.after if after else "true", order.by)
    query = sql.SQL("{} WHERE {} AND {} ORDER BY {} LIMIT %(limit)s").format(*map(sql.SQL, parts))
    rows = connection.execute(query, values(filters, after) | {"limit": limit})
    return [Complaint.model_validate(row) for row in rows]


def position_of(found: Complaint, sort: ComplaintSort) -> Position:
    """The position of a complaint in a list sorted by `sort`."""
    keys = {"urgent": found.urgency, "amount": -1 if found.credit is None else found.credit}
    return Position(str(keys.get(sort, found.ts.isoformat())), found.complaint_id)


def reader(sort: ComplaintSort) -> Callable[[str, str], Position]:
    """A function that makes a key and a complaint ID a position in a list sorted by `sort`."""
    return _SORT_ORDERS[sort].parse


def of_order(connection: Connection, order_id: str, limit: int) -> list[Complaint]:
    """Up to `limit` complaints about an order, the most urgent first."""
    return [Complaint.model_validate(row) for row in connection.execute(_OF_ORDER, (order_id, limit))]


def get_complaint(connection: Connection, complaint_id: str) -> Complaint | None:
    """A complaint with its response and its decision; None if there is no such complaint."""
    row = connection.execute(_ONE, (complaint_id,)).fetchone()
    return Complaint.model_validate(row) if row else None


def choices(connection: Connection) -> dict[str, list[str]]:
    """The categories, cities and brands of complaints, for the filters."""
    rows = connection.execute("SELECT filter, value FROM app.complaint_choices ORDER BY 1, 2").fetchall()
    return {name: [row["value"] for row in rows if row["filter"] == name] for name in ("category", "city", "brand")}


def save(connection: Connection, decision: ComplaintDecision) -> bool:
    """Insert a decision; returns False if the complaint already has one."""
    row = (decision.complaint_id, decision.decision, decision.credit, decision.decided_by)
    return connection.execute(_DECIDE, row).fetchone() is not None
