"""The queue of recommendations: filtered and sorted lists with keyset pagination, and single orders."""

from collections.abc import Iterator
from typing import NamedTuple

from psycopg import sql

from refund_manager.domain.cursor import parse_number, parse_time
from refund_manager.domain.models import Filters, Recommendation, Sort
from refund_manager.postgres.database import Connection, Row, value

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

# One condition per filter, used only if the filter is set, so that each list gets a plan that suits it.
_CONDITIONS: dict[str, str | dict[str | None, str | None]] = {
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


class SortOrder(NamedTuple):
    """How a list is sorted: an expression, its SQL type, and its direction; order_id breaks ties."""

    key: str
    kind: str
    direction: str

    @property
    def after(self) -> str:
        """The condition for rows that sort after the one with key `after_key` and order ID `after_id`."""
        sign = "<" if self.direction == "DESC" else ">"
        return f"({self.key}, q.order_id) {sign} (%(after_key)s::{self.kind}, %(after_id)s)"

    @property
    def by(self) -> str:
        """The ORDER BY list."""
        return f"{self.key} {self.direction}, q.order_id {self.direction}"


_SORT_ORDERS: dict[Sort, SortOrder] = {
    "newest": SortOrder("q.order_ts", "timestamptz", "DESC"),
    "oldest": SortOrder("q.order_ts", "timestamptz", "ASC"),
    "amount": SortOrder("coalesce(q.suggested_usd, -1)", "numeric", "DESC"),
    "minutes": SortOrder("coalesce(q.minutes, -1)", "numeric", "DESC"),
}


class Position(NamedTuple):
    """A row's position in a sorted list: its sort key as text, and its order ID."""

    key: str
    order_id: str


def where(filters: Filters) -> str:
    """The SQL condition of the filters that are set; all values in it are parameters."""
    chosen: list[str] = []
    for name, condition in _CONDITIONS.items():
        wanted = getattr(filters, name)
        text = condition[wanted] if isinstance(condition, dict) else condition if wanted is not None else None
        chosen += [text] if text else []
    return " AND ".join(chosen) or "true"


def list_recommendations(
    connection: Connection, filters: Filters, sort: Sort, after: Position | None, limit: int
) -> list[Recommendation]:
    """Up to `limit` recommendations sorted by `sort`, starting after the position `after`."""
    rows = connection.execute(_page_sql(filters, sort, after), _values(filters, after) | {"limit": limit})
    return [Recommendation.model_validate(row) for row in rows]


def stream(connection: Connection, filters: Filters, sort: Sort) -> Iterator[Row]:
    """All rows of a list, fetched from the server 1,000 at a time."""
    with connection.cursor("export") as cursor:
        cursor.itersize = 1000
        yield from cursor.execute(_page_sql(filters, sort, None), _values(filters, None) | {"limit": None})


def get_recommendation(connection: Connection, order_id: str) -> Recommendation | None:
    """The recommendation for an order; None if there is none."""
    row = connection.execute(_ONE, (order_id,)).fetchone()
    return Recommendation.model_validate(row) if row else None


def position_of(found: Recommendation, sort: Sort) -> Position:
    """The position of a row in a list sorted by `sort`."""
    keys = {"amount": found.suggested_usd, "minutes": found.minutes}
    key = found.order_ts.isoformat() if sort in ("newest", "oldest") else keys[sort]
    return Position(str(-1 if key is None else key), found.order_id)


def parse_position(key: str, order_id: str, sort: Sort) -> Position:
    """The position with this key. Raises ValueError or ArithmeticError for a key of the wrong type."""
    return Position(str(parse_time(key) if sort in ("newest", "oldest") else parse_number(key)), order_id)


def last_arrival(connection: Connection) -> int:
    """The arrival number of the newest row, 0 if the queue is empty."""
    return int(value(connection, "SELECT coalesce(max(arrived), 0) FROM refunds.queue"))


def count_since(connection: Connection, filters: Filters, arrived: int, limit: int) -> int:
    """The number of rows of a list that arrived after arrival number `arrived`, counted up to `limit`."""
    query = sql.SQL(
        "SELECT count(*) AS n FROM (SELECT FROM refunds.queue q WHERE q.arrived > %(arrived)s AND "
        "{} LIMIT %(limit)s) new"
    ).format(sql.SQL(where(filters)))
    return int(value(connection, query, _values(filters, None) | {"arrived": arrived, "limit": limit}))


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


def _page_sql(filters: Filters, sort: Sort, after: Position | None) -> sql.Composed:
    order = _SORT_ORDERS[sort]
    after_condition = order.after if after else "true"
    return sql.SQL(
        "{} FROM (SELECT * FROM refunds.queue q WHERE {} AND {} ORDER BY {} LIMIT %(limit)s) q {} ORDER BY {}"
    ).format(*map(sql.SQL, (_COLUMNS, where(filters), after_condition, order.by, _JOINED, order.by)))


def _values(filters: Filters, after: Position | None) -> dict[str, object]:
    key, order_id = after or (None, None)
    return filters.model_dump() | {"after_key": key, "after_id": order_id}
