"""The complaint generator: a repeatable share of the delivered orders gets one complaint, ever.

A structured stream appends the delivered orders that a hash of their id picks to an inbox; then each order there
that has no complaint yet gets one. Where LLM_MODEL is a language model it words those about the newest orders, at most
MODEL_TEXTS per run; all others are worded by a grammar that the order's id seeds. The next run completes one that was
killed: ids and categories are the same again, and so are the grammar's words.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from caspers import clock
from caspers.complaints import SHARES
from caspers.complaints.reading import items_of
from caspers.complaints.texts import GENERATED_BY, ComplainedOrder, write
from caspers.names import in_catalog
from caspers.refunds import order_facts
from caspers.streams import inbox
from caspers.streams.complaint_writer import by_model
from caspers.streams.insert import insert_missing

if TYPE_CHECKING:
    from pyspark.sql import Row

    from caspers.platform.connect import Workbook

SCHEMA, VOLUME = "complaints", "checkpoints"
TABLE = f"{SCHEMA}.raw_complaints"
INBOX = f"{SCHEMA}.sampled_orders"
MODEL_TEXTS = 100
"""Texts that a language model writes in one run, at most."""
_GRAIN = 10_000


@dataclass(frozen=True)
class Summary:
    """The result of a run: complaints added, by category, and how many of them a language model worded."""

    added: int
    by_category: dict[str, int]
    by_model: int


def create_tables(ws: "Workbook") -> None:
    """Create the inbox and the table of complaints if they don't exist."""
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(INBOX)} (
          order_id STRING COMMENT 'A delivered order of the sample', ts TIMESTAMP COMMENT 'When it was delivered')
        COMMENT 'Orders whose customers complain, waiting for a complaint or having one'""")
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(TABLE)} (
          complaint_id STRING COMMENT 'C- and the order', order_id STRING COMMENT 'One complaint per order, ever',
          ts TIMESTAMP COMMENT 'When it was written', complaint_category STRING COMMENT 'One of five',
          complaint_text STRING COMMENT 'In the words of the customer',
          generated_by STRING COMMENT 'What wrote it: a language model by name, or {GENERATED_BY}')""")


def run(ws: "Workbook", rate: float, llm_model: str, simulator: str = "simulator") -> Summary:
    """Write a complaint about the share `rate` (0 to 1) of the orders delivered since the last run.

    `llm_model` is the serving endpoint of LLM_MODEL, `simulator` the schema of the table of locations.
    """
    create_tables(ws)
    receive(ws, rate)
    return complain(ws, llm_model, simulator)


def receive(ws: "Workbook", rate: float) -> None:
    """Append the share `rate` of the orders delivered since the last run to the inbox, each delivery once."""
    delivered = ws.spark.readStream.table(ws.full_name("lakeflow.all_events")).filter("event_type = 'delivered'")
    sampled = delivered.filter(sampled_sql(rate)).select("order_id", "ts")
    inbox.receive(sampled, ws.full_name(INBOX), f"{ws.volume(SCHEMA, VOLUME)}/sampled_orders")


def complain(ws: "Workbook", llm_model: str, simulator: str = "simulator") -> Summary:
    """Insert a complaint about every order of the inbox that has none; the newest ones in the model's words."""
    waiting = ws.spark.sql(waiting_sql(ws.catalog, simulator)).collect()  # the newest last
    orders = [(complained_order(row), row.category) for row in waiting]
    texts = by_model(ws, llm_model, orders[-MODEL_TEXTS:])
    rows = []
    for order, category in orders:
        text, writer = texts.get(order.order_id), llm_model
        if text is None:
            text, writer = write(order, category), GENERATED_BY
        rows.append((f"C-{order.order_id}", order.order_id, clock.now(), category, text, writer))
    insert_missing(ws, TABLE, "order_id", rows)
    found = Counter(category for _, category in orders)
    return Summary(len(orders), {category: found[category] for category in SHARES}, len(texts))


def sampled_sql(rate: float) -> str:
    """A SQL condition that holds for the share `rate` of all order ids, always for the same ones."""
    return f"pmod(xxhash64(order_id), {_GRAIN}) < {round(rate * _GRAIN)}"


def category_sql() -> str:
    """A SQL expression: the category that an order's complaint has, by the shares of `SHARES`."""
    limits = accumulate(SHARES.values())
    cases = "\n".join(f"  WHEN dice < {limit} THEN '{name}'" for name, limit in zip(SHARES, limits, strict=True))
    return f"CASE\n{cases}\nEND"


def waiting_sql(catalog: str, simulator: str) -> str:
    """One row per order of the inbox without a complaint: what a complaint refers to, and its category."""
    events = order_facts.missing_deliveries(catalog, INBOX, TABLE)
    return f"""
        SELECT order_id, order_ts, minutes, l.name AS city, lines, total_usd, {category_sql()} AS category
        FROM (SELECT *, pmod(xxhash64(order_id, 'category'), 100) AS dice FROM ({order_facts.facts_sql(events)}))
        JOIN {in_catalog(catalog, f"{simulator}.locations")} l USING (location_id)
        WHERE order_ts IS NOT NULL AND delivered_ts IS NOT NULL
        ORDER BY delivered_ts, order_id"""


def complained_order(row: "Row") -> ComplainedOrder:
    """What a complaint refers to, from a row of `waiting_sql`."""
    total, items = float(row.total_usd), items_of(row.lines)
    return ComplainedOrder(row.order_id, row.order_ts, row.city, row.minutes, total, items)
