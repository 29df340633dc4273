"""The facts about an order that an agent may look up: the SQL functions and the timing view of schema `ai`.

Each carries a COMMENT that says what it answers, because a model reads it as the description of a tool.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenacity import retry, retry_if_exception_message, stop_after_attempt, wait_random_exponential

from caspers.names import in_catalog, quoted
from caspers.refunds.order_facts import deliveries, facts_sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "ai"
TIMING_VIEW = "order_delivery_times_per_location_view"
WINDOW_DAYS = 30
MARGIN_MINUTES = 2
"""Minutes from a quantile from which on an order keeps its kind while the quantiles change a little."""
ORDER_ID = re.compile(r"\b[A-Z0-9]{6}(?:-L\d+)?\b")


def order_ids(text: str) -> list[str]:
    """What may be order ids in a text, likeliest first: an id that is a plain word comes after those with a digit."""
    found = dict.fromkeys(ORDER_ID.findall(text))
    return sorted(found, key=lambda each: not any(c.isdigit() for c in each))


@dataclass(frozen=True)
class Argument:
    """The one argument of a function: its name, the column that returns it, its SQL type and what to pass."""

    name: str
    column: str
    sql_type: str
    comment: str


@dataclass(frozen=True)
class Fact:
    """One SQL function of schema `ai`: what it answers, the columns it returns and the query that finds them.

    `query` holds `{catalog}` where the catalog's name goes.
    """

    name: str
    argument: Argument
    comment: str
    returns: str
    query: str

    def full_name(self, catalog: str) -> str:
        """The function's name in a catalog, as SQL calls it."""
        return in_catalog(catalog, f"{SCHEMA}.{self.name}")

    def ddl(self, catalog: str) -> str:
        """The statement that creates the function in a catalog or replaces it."""
        query = self.query.format(catalog=quoted(catalog))
        argument = f"{self.argument.name} {self.argument.sql_type} COMMENT '{self.argument.comment}'"
        return (
            f"CREATE OR REPLACE FUNCTION {self.full_name(catalog)}({argument})\n"
            f"RETURNS TABLE ({self.returns})\nCOMMENT '{self.comment}'\nRETURN {query}"
        )


_ORDER = Argument(
    "oid", "order_id", "STRING", "Order id: six letters or digits, with an ending such as -L1 in later rounds"
)
_THIS_ORDER = facts_sql("(SELECT * FROM {catalog}.lakeflow.all_events WHERE order_id = oid)")
_LOCATION = Argument("location", "location_id", "INT", "Location id, as the functions about an order return it")

ORDER_DETAILS = Fact(
    "get_order_details",
    _ORDER,
    "The items of an order, one row each: brand, name, quantity, unit price and line total in US dollars. "
    "No row means that the order is not known.",
    "order_id STRING, location_id INT, brand_name STRING, item_name STRING, qty INT, price_usd DOUBLE, line_usd DOUBLE",
    """
SELECT order_id, location_id, brand_name, name, qty, CAST(price AS DOUBLE), CAST(extended_price AS DOUBLE)
FROM {catalog}.lakeflow.silver_order_items WHERE order_id = oid""",
)

ORDER_DELIVERY_TIME = Fact(
    "get_order_delivery_time",
    _ORDER,
    "When an order was placed and delivered, and the minutes between. delivered_ts and delivery_minutes are "
    "NULL while the order is on its way. No row means that the order is not known.",
    "order_id STRING, location_id INT, order_ts TIMESTAMP, delivered_ts TIMESTAMP, delivery_minutes DOUBLE",
    f"\nSELECT order_id, location_id, order_ts, delivered_ts, minutes FROM ({_THIS_ORDER})",
)

# NULL returns all locations, for an endpoint that caches them. The comments, which a model reads, leave that out: a
# model may look up one location only.
LOCATION_TIMINGS = Fact(
    "get_location_timings",
    _LOCATION,
    "How long deliveries take at a location: P50, P75 and P99 of the minutes from order to door over the "
    f"{WINDOW_DAYS} days before the newest event, and the number of those orders.",
    "location_id INT, location_name STRING, delivered_orders BIGINT, p50_minutes DOUBLE, p75_minutes DOUBLE, "
    "p99_minutes DOUBLE",
    f"""
SELECT location_id, location_name, delivered_orders, p50_minutes, p75_minutes, p99_minutes
FROM {{catalog}}.{SCHEMA}.{TIMING_VIEW} WHERE location IS NULL OR location_id = location""",
)

ORDER_OVERVIEW = Fact(
    "get_order_overview",
    _ORDER,
    "An order in one row: location, total in US dollars, number of items, and the list of its items (JSON) with "
    "brand, name, quantity and unit price. No row means that the order is not known.",
    "order_id STRING, location_id INT, total_usd DOUBLE, total_qty BIGINT, items STRING",
    """
SELECT order_id, location_id, CAST(sum(extended_price) AS DOUBLE), sum(qty),
       to_json(array_sort(collect_list(struct(brand_name, name AS item_name, qty, price AS price_usd))))
FROM {catalog}.lakeflow.silver_order_items WHERE order_id = oid GROUP BY order_id, location_id""",
)

ORDER_TIMING = Fact(
    "get_order_timing",
    _ORDER,
    "Where the minutes of an order went: in the kitchen (placed to ready), waiting for a driver (ready to picked "
    "up), on the road (picked up to delivered), and in all. A stage that is not over is NULL. "
    "No row means that the order is not known.",
    "order_id STRING, location_id INT, order_ts TIMESTAMP, delivered_ts TIMESTAMP, kitchen_minutes DOUBLE, "
    "waiting_minutes DOUBLE, road_minutes DOUBLE, delivery_minutes DOUBLE",
    f"""
SELECT order_id, location_id, order_ts, delivered_ts, kitchen_minutes, waiting_minutes, road_minutes, minutes
FROM ({_THIS_ORDER})""",
)

FACTS = (ORDER_DETAILS, ORDER_DELIVERY_TIME, LOCATION_TIMINGS, ORDER_OVERVIEW, ORDER_TIMING)


def together_sql(catalog: str, facts: Iterable[Fact], names: Sequence[str]) -> str:
    """One query for what several functions of a catalog say about several things, whose values are bound as `:name`.

    Its columns: fact (the function's name), place (of the thing in `names`), row (JSON of all the function's columns).
    It calls the functions, so the caller needs EXECUTE on them, but no right to a table.
    """
    return "\nUNION ALL\n".join(_about_sql(catalog, fact, names) for fact in facts)


def _about_sql(catalog: str, fact: Fact, names: Sequence[str]) -> str:
    things = [f"CAST(:{name} AS {fact.argument.sql_type})" for name in names]
    row = "to_json(struct(found.*), map('ignoreNullFields', 'false')) AS row"
    if len(things) == 1:  # a constant is pushed down to the files, a join is not
        return f"SELECT '{fact.name}' AS fact, 0 AS place, {row} FROM {fact.full_name(catalog)}({things[0]}) AS found"
    values = ", ".join(f"({place}, {thing})" for place, thing in enumerate(things))
    return (
        f"SELECT '{fact.name}' AS fact, place, {row} FROM (VALUES {values}) AS wanted(place, thing),\n"
        f"     LATERAL {fact.full_name(catalog)}(wanted.thing) AS found\n"
        f"WHERE found.{fact.argument.column} IN ({', '.join(things)})"
    )  # the condition repeats the join, so that it is pushed down to the files


def quantiles_sql(catalog: str) -> str:
    """A query of delivery minutes a location: location_id, delivered_orders and p50_, p75_, p99_minutes.

    It looks at the orders delivered in the WINDOW_DAYS days before the newest event.
    """
    return f"""
SELECT location_id, count(*) AS delivered_orders, round(percentile(minutes, 0.5), 1) AS p50_minutes,
       round(percentile(minutes, 0.75), 1) AS p75_minutes, round(percentile(minutes, 0.99), 1) AS p99_minutes
FROM ({facts_sql(deliveries(catalog))})
WHERE minutes IS NOT NULL
  AND delivered_ts >= (SELECT max(ts) FROM {in_catalog(catalog, "lakeflow.all_events")}) - INTERVAL {WINDOW_DAYS} DAYS
GROUP BY location_id"""


def newest_of_each_kind_sql(catalog: str) -> str:
    """A query of three orders, by `kind` the newest in time (1), late (2) and very late (3) for its location: order_id.

    Each is at least MARGIN_MINUTES away from another kind, so that it keeps its kind while the timings change, and has
    its items in silver, which an update of the pipeline fills after bronze.
    """
    return f"""
SELECT kind, max_by(order_id, struct(delivered_ts, order_id)) AS order_id
FROM (SELECT *, CASE WHEN minutes <= p75_minutes - {MARGIN_MINUTES} THEN 1
                     WHEN minutes BETWEEN p75_minutes + {MARGIN_MINUTES} AND p99_minutes - {MARGIN_MINUTES} THEN 2
                     WHEN minutes >= p99_minutes + {MARGIN_MINUTES} THEN 3 END AS kind
      FROM ({facts_sql(deliveries(catalog))}) JOIN {timing_view(catalog)} USING (location_id)
      WHERE delivered_ts > (SELECT max(ts) FROM {in_catalog(catalog, "lakeflow.all_events")})
                           - INTERVAL {WINDOW_DAYS} DAYS
            AND order_id IN (SELECT order_id FROM {in_catalog(catalog, "lakeflow.silver_order_items")}))
WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind"""


def timing_view(catalog: str) -> str:
    """The timing view's name in a catalog, as SQL refers to it."""
    return in_catalog(catalog, f"{SCHEMA}.{TIMING_VIEW}")


def timing_view_query(catalog: str, simulator: str = "simulator") -> str:
    """The query behind the timing view: the rows of `quantiles_sql` with the locations' names."""
    return f"""SELECT location_id, name AS location_name, delivered_orders, p50_minutes, p75_minutes, p99_minutes
FROM ({quantiles_sql(catalog)}) JOIN {in_catalog(catalog, f"{simulator}.locations")} USING (location_id)"""


def timing_view_ddl(catalog: str, simulator: str = "simulator") -> str:
    """The statement that creates the timing view or replaces it."""
    return f"""
CREATE OR REPLACE VIEW {timing_view(catalog)} (
  location_id COMMENT 'Kitchen location', location_name COMMENT 'City or area of the kitchen',
  delivered_orders COMMENT 'Orders delivered in the window',
  p50_minutes COMMENT 'Median minutes from order to door',
  p75_minutes COMMENT 'Three in four orders take no longer',
  p99_minutes COMMENT 'All but one order in a hundred take no longer')
COMMENT 'Minutes from order_created to delivered, by location, over the {WINDOW_DAYS} days before the newest event'
AS {timing_view_query(catalog, simulator)}"""


def create(
    spark: "SparkSession", catalog: str, facts: Iterable[Fact] = FACTS, simulator: str = "simulator"
) -> list[str]:
    """Create or replace the timing view and these functions in a catalog's schema `ai`.

    `simulator` is the schema of the table of locations. Returns the full names of what was made.
    """
    _run(spark, f"CREATE SCHEMA IF NOT EXISTS {in_catalog(catalog, SCHEMA)}")
    ensure_view(spark, catalog, simulator)
    wanted = list(facts)
    for fact in wanted:
        _run(spark, fact.ddl(catalog))
    return [f"{catalog}.{SCHEMA}.{name}" for name in (TIMING_VIEW, *(fact.name for fact in wanted))]


# Both agents' notebooks make the same view and function at the same time. Open Spark
# drops an object before it replaces it, so one of them may find that it exists already, or miss it for a moment.
_RACED = re.compile(rf"(?is).*(already.?exists|ROUTINE_NOT_FOUND|`{SCHEMA}`\.`{TIMING_VIEW}` cannot be found).*")
_again = retry(
    retry=retry_if_exception_message(match=_RACED),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(multiplier=0.1, max=1),
    reraise=True,
)


@_again
def ensure_view(spark: "SparkSession", catalog: str, simulator: str) -> None:
    """Create the view, or replace it if its query differs; not otherwise, since readers miss it meanwhile."""
    if _view_text(spark, catalog) != timing_view_query(catalog, simulator):
        spark.sql(timing_view_ddl(catalog, simulator))


def _view_text(spark: "SparkSession", catalog: str) -> str | None:
    if not spark.catalog.tableExists(timing_view(catalog)):
        return None
    rows = spark.sql(f"DESCRIBE TABLE EXTENDED {timing_view(catalog)}").collect()
    return next(str(row.data_type) for row in rows if row.col_name == "View Text")


@_again
def _run(spark: "SparkSession", statement: str) -> None:
    spark.sql(statement)
