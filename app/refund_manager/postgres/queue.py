"""The queue of recommendations: filtered and sorted lists with keyset pagination, and single orders."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from psycopg import sql

from refund_manager.domain.models import Filters, Recommendation, Sort
from refund_manager.postgres import listing
from refund_manager.postgres.database import Connection, Row, value
from refund_manager.postgres.listing import Conditions, Position, SortOrder, values

_COLUMNS = """
SELECT q.order_id, q.ts, q.order_ts, q.source, q.model, q.suggested_class, q.suggested_usd, q.suggested_reason,
       q.city, q.brands, q.items, q.total_usd, q.minutes, q.kitchen_minutes, q.waiting_minutes, q.road_minutes,
       c.p75_minutes, c.p99_minutes,
       CASE WHEN d.order_id IS NOT NULL  -- the amount as text: a JSON number would become a float
            THEN to_jsonb(d) || jsonb_build_object('amount', d.amount::text) END AS decision
"""
_JOINED = """
LEFT JOIN refunds.cities c ON c.city = q.city
LEFT JOIN refunds.refund_decisions d ON d.order_id = q.order_id
"""
_ONE = _COLUMNS + "FROM refunds.queue q" + _JOINED + "WHERE q.order_id = %s"

_CONDITIONS: Conditions = {
    "status": {"open": "q.decision IS NULL", "decided": "q.decision IS NOT NULL", "all": None},
    "refund_class": {
        **dict.fromkeys(("full", "partial", "none"), "q.suggested_class = %(refund_class)s"),
        "refund": "q.suggested_class IS DISTINCT FROM 'none'",
        **dict.fromkeys(("all", None)),
    },
    "city": "q.city = %(city)s",
    "brand": "q.brands @> ARRAY[%(brand)s]::text[]",
    "min_usd": "coalesce(q.suggested_usd, -1) >= %(min_usd)s",
    "max_usd": "q.suggested_usd <= %(max_usd)s",
    "source": {"agent": "q.source = 'agent'", "fallback": "q.source = 'fallback'", None: None},
    "text": "(q.order_id = upper(%(text)s) OR q.words @@ websearch_to_tsquery('simple', %(text)s))",
}


_SORT_ORDERS: dict[Sort, SortOrder] = {
    "newest": SortOrder("q.order_ts", "timestamptz", "DESC", "q.order_id"),
    "oldest": SortOrder("q.order_ts", "timestamptz", "ASC", "q.order_id"),
    "amount": SortOrder("coalesce(q.suggested_usd, -1)", "numeric", "DESC", "q.order_id"),
    "minutes": SortOrder("coalesce(q.minutes, -1)", "numeric", "DESC", "q.order_id"),
}


def where(filters: Filters) -> str:
    """The SQL condition of the filters that are set; all values in it are parameters."""
    return listing.where(_CONDITIONS, filters)


def list_recommendations(
    connection: Connection, filters: Filters, sort: Sort, after: Position | None, limit: int
) -> list[Recommendation]:
    """Up to `limit` recommendations sorted by `sort`, starting after the position `after`."""
    rows = connection.execute(_page_sql(filters, sort, after), values(filters, after) | {"limit": limit})
    return [Recommendation.model_validate(row) for row in rows]


def stream(connection: Connection, filters: Filters, sort: Sort) -> Iterator[Row]:
    """All rows of a list, fetched from the server 1,000 at a time."""
    with connection.cursor("export") as cursor:
        cursor.itersize = 1000
        yield from cursor.execute(_page_sql(filters, sort, None), values(filters, None) | {"limit": None})


def get_recommendation(connection: Connection, order_id: str) -> Recommendation | None:
    """The recommendation for an order; None if there is none."""
    row = connection.execute(_ONE, (order_id,)).fetchone()
    return Recommendation.model_validate(row) if row else None


def position_of(found: Recommendation, sort: Sort) -> Position:
    """The position of a row in a list sorted by `sort`."""
    keys = {"amount": found.suggested_usd, "minutes": found.minutes}
    key = found.order_ts.isoformat() if sort in ("newest", "oldest") else keys[sort]
    return Position(str(-1 if key is None else key), found.order_id)


def reader(sort: Sort) -> Callable[[str, str], Position]:
    """A function that makes a key and an order ID a position in a list sorted by `sort`."""
    return _SORT_ORDERS[sort].parse


def newest_order(connection: Connection) -> datetime | None:
    """When the newest order was placed, None if the queue is empty.

    Orders' ages count from then: the kitchens' clock need not be this machine's, and may run faster.
    """
    found: datetime | None = value(connection, "SELECT max(order_ts) FROM refunds.queue")
    return found


def last_arrival(connection: Connection) -> int:
    """The arrival number of the newest row, 0 if the queue is empty."""
    return int(value(connection, "SELECT coalesce(max(arrived), 0) FROM refunds.queue"))


def count_since(connection: Connection, filters: Filters, arrived: int, limit: int) -> int:
    """The number of rows of a list that arrived after arrival number `arrived`, counted up to `limit`."""
    query = sql.SQL(
        "SELECT count(*) AS n FROM (SELECT FROM refunds.queue q WHERE q.arrived > %(arrived)s AND "
        "{} LIMIT %(limit)s) new"
    ).format(sql.SQL(where(filters)))
    return int(value(connection, query, values(filters, None) | {"arrived": arrived, "limit": limit}))


def usual_minutes(connection: Connection, city: str | None) -> Row | None:
    """P75 of a city's minutes in the kitchen, waiting for a driver and on the road; None for an unknown city."""
    return connection.execute(
        "SELECT kitchen_p75, waiting_p75, road_p75 FROM refunds.cities WHERE city = %s", (city,)
    ).fetchone()


def choices(connection: Connection) -> dict[str, list[str]]:
    """The cities and brands that have orders, for the filters."""
    rows = connection.execute(
        "SELECT DISTINCT dimension, value FROM refunds.daily WHERE dimension IN "
        "('city', 'brand') AND orders > 0 ORDER BY 1, 2"
    ).fetchall()
    return {name: [row["value"] for row in rows if row["dimension"] == name] for name in ("city", "brand")}


def places(connection: Connection, order_ids: Sequence[str]) -> list[Row]:
    """order_id, city and brands of those of these orders whose facts are known."""
    return connection.execute(
        "SELECT order_id, city, brands FROM refunds.queue WHERE order_id = ANY(%s) AND facts_at IS NOT NULL",
        (list(order_ids),),
    ).fetchall()


def _page_sql(filters: Filters, sort: Sort, after: Position | None) -> sql.Composed:
    order = _SORT_ORDERS[sort]
    after_condition = order.after if after else "true"
    return sql.SQL(
        "{} FROM (SELECT * FROM refunds.queue q WHERE {} AND {} ORDER BY {} LIMIT %(limit)s) q {} ORDER BY {}"
    ).format(*map(sql.SQL, (_COLUMNS, where(filters), after_condition, order.by, _JOINED, order.by)))
