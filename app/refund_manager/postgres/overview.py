"""Figures for the overview and the summary, aggregated from the few rows of `daily` instead of the whole queue."""

from typing import Any

from refund_manager.domain.models import ClassSummary
from refund_manager.postgres.database import Connection, Row

_SUMMARY = """
SELECT nullif(suggested_class, '') AS suggested_class, sum(orders)::bigint AS orders,
       coalesce(sum(orders) FILTER (WHERE state = 'open'), 0)::bigint AS open,
       sum(suggested_usd) AS suggested_usd, sum(granted_usd) AS granted_usd
FROM refunds.daily WHERE dimension = 'all'
GROUP BY suggested_class HAVING sum(orders) > 0
ORDER BY array_position(ARRAY['full', 'partial', 'none'], suggested_class)
"""

# A decision overrules the agent if it changes the amount or denies a refund. Denying a suggestion of no refund agrees
# with the agent.
_DECISION_COUNTS = """       coalesce(sum(orders) FILTER (WHERE state <> 'open'), 0)::bigint AS decided,
       coalesce(sum(orders) FILTER (WHERE state = 'changed' OR state = 'denied' AND suggested_class <> 'none'),
                0)::bigint AS overruled"""
_STATES = f"""
SELECT
{_DECISION_COUNTS},
       coalesce(sum(suggested_usd) FILTER (WHERE state <> 'open'), 0) AS suggested_usd,
       coalesce(sum(granted_usd), 0) AS granted_usd
FROM refunds.daily WHERE dimension = 'all'
"""
_TODAY = """
SELECT count(*) AS decided, coalesce(sum(amount), 0) AS granted_usd FROM refunds.refund_decisions
WHERE decided_at >= date_trunc('day', now(), 'UTC')
"""
_OLDEST = """
SELECT order_id, order_ts, suggested_usd FROM refunds.queue
WHERE decision IS NULL AND suggested_class IN ('full', 'partial') ORDER BY order_ts, order_id LIMIT 5
"""
_DAYS = f"""
SELECT day, sum(orders)::bigint AS orders, sum(suggested_usd) AS suggested_usd, sum(granted_usd) AS granted_usd,
{_DECISION_COUNTS}
FROM refunds.daily
WHERE dimension = %(dimension)s AND (%(value)s::text IS NULL OR value = %(value)s)
  AND day > (SELECT max(day) FROM refunds.daily WHERE dimension = 'all' AND orders > 0) - %(days)s::int
GROUP BY day ORDER BY day
"""
_GROUPS = f"""
SELECT value AS name, sum(orders)::bigint AS orders,
       coalesce(sum(orders) FILTER (WHERE state = 'open' AND suggested_class IN ('full', 'partial')),
                0)::bigint AS open,
       sum(suggested_usd) AS suggested_usd, sum(granted_usd) AS granted_usd,
{_DECISION_COUNTS}
FROM refunds.daily
WHERE dimension = %(dimension)s
  AND day > (SELECT max(day) FROM refunds.daily WHERE dimension = 'all' AND orders > 0) - %(days)s::int
GROUP BY value HAVING sum(orders) > 0 ORDER BY sum(suggested_usd) DESC, value
"""


def summarise(connection: Connection) -> list[ClassSummary]:
    """Counts and sums by suggested class: full, partial, none."""
    return [ClassSummary.model_validate(row) for row in connection.execute(_SUMMARY)]


def figures(connection: Connection) -> dict[str, Any]:
    """Decisions in total (`all`) and since midnight UTC (`today`), and the five `oldest` open refunds."""
    return {
        "all": connection.execute(_STATES).fetchone(),
        "today": connection.execute(_TODAY).fetchone(),
        "oldest": connection.execute(_OLDEST).fetchall(),
    }


def by_day(connection: Connection, dimension: str, value: str | None, days: int) -> list[Row]:
    """Orders, dollars and decisions by day of the order, for the latest `days` days with data.

    `dimension` is all, city or brand; `value` names the city or brand.
    """
    return connection.execute(_DAYS, {"dimension": dimension, "value": value, "days": days}).fetchall()


def by_group(connection: Connection, dimension: str, days: int) -> list[Row]:
    """The same totals by city or brand (`dimension`), with the number of open refunds; most dollars first."""
    return connection.execute(_GROUPS, {"dimension": dimension, "days": days}).fetchall()
