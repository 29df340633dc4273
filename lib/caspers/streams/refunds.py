"""The refund recommender: every delivered order gets one recommendation, ever.

A run first lets a structured stream append the newly delivered orders to an inbox; Delta and the checkpoint make that
exactly once. It then asks the agent about the newest of them, at most AGENT_ORDERS, and inserts those answers together
with the written policy's own for all the others, which Spark decides in one go. An existing
recommendation is never changed, so the next run completes one that was killed at any point.
"""

import json
from typing import TYPE_CHECKING

from caspers import clock
from caspers.agents.ask import OrderAnswer, ask_all
from caspers.offline_policy import NAME as POLICY_NAME
from caspers.refunds import facts, order_facts, policy
from caspers.streams import inbox
from caspers.streams.summary import Summary

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

SCHEMA, VOLUME = "recommender", "checkpoints"
TABLE = f"{SCHEMA}.refund_recommendations"
INBOX = f"{SCHEMA}.delivered_orders"
AGENT_ORDERS = 10
_ANSWERS = "ARRAY<STRUCT<order_id: STRING, response: STRING, model: STRING>>"
_QUANTILES = "ARRAY<STRUCT<location_id: INT, p75_minutes: DOUBLE, p99_minutes: DOUBLE>>"


def create_tables(ws: "Workbook") -> None:
    """Create the inbox and the table of recommendations if they don't exist.

    The change feed of the recommendations is what Lakebase syncs from.
    """
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(INBOX)} (
          order_id STRING COMMENT 'A delivered order', ts TIMESTAMP COMMENT 'When')
        COMMENT 'Delivered orders as the stream of events brought them, waiting for a recommendation or having one'""")
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(TABLE)} (
          order_id STRING NOT NULL COMMENT 'One row per order, ever', ts TIMESTAMP COMMENT 'When it was recommended',
          order_ts TIMESTAMP COMMENT 'When the order was placed',
          agent_response STRING COMMENT 'JSON: refund_usd, refund_class (none, partial, full), reason',
          source STRING COMMENT 'agent, or fallback for the written policy alone',
          model STRING COMMENT 'What decided: a model by name, or {POLICY_NAME}')
        TBLPROPERTIES (delta.enableChangeDataFeed = true)""")


def run(ws: "Workbook", endpoint: str, agent_orders: int = AGENT_ORDERS) -> Summary:
    """Recommend a refund for every order delivered since the last run; `endpoint` is the refund agent's.

    The agent decides on the newest `agent_orders` orders at most.
    """
    create_tables(ws)
    before = counts(ws)
    receive(ws)
    answers, note = ask_all(ws, endpoint, newest_undecided(ws, agent_orders))
    recommend(ws, answers)
    added = {source: count - before.get(source, 0) for source, count in counts(ws).items()}
    return Summary(sum(added.values()), added.get("agent", 0), added.get("fallback", 0), note)


def receive(ws: "Workbook") -> None:
    """Append the orders delivered since the last run to the inbox, each delivery once."""
    delivered = ws.spark.readStream.table(ws.full_name("lakeflow.all_events")).filter("event_type = 'delivered'")
    inbox.receive(
        delivered.select("order_id", "ts"), ws.full_name(INBOX), f"{ws.volume(SCHEMA, VOLUME)}/delivered_orders"
    )


def recommend(ws: "Workbook", answers: list[OrderAnswer]) -> None:
    """Insert a recommendation for every order of the inbox that has none: its answer, or the policy's decision.

    An answer has order_id, response (JSON text) and model.
    """
    quantiles = [row.asDict() for row in ws.spark.sql(facts.quantiles_sql(ws.catalog)).collect()]
    values = {"answers": json.dumps(answers), "quantiles": json.dumps(quantiles), "now": clock.now().isoformat()}
    ws.sql(
        f"""MERGE INTO {ws.full_name(TABLE)} AS known USING ({recommendations_sql(ws.catalog)}) AS new
            ON known.order_id = new.order_id WHEN NOT MATCHED THEN INSERT *""",
        **values,
    )


def newest_undecided(ws: "Workbook", limit: int) -> list[str]:
    """The ids of the orders delivered last that have no recommendation yet, the newest first."""
    rows = ws.spark.sql(f"""
        SELECT order_id FROM {ws.full_name(INBOX)} LEFT ANTI JOIN {ws.full_name(TABLE)} USING (order_id)
        GROUP BY order_id ORDER BY max(ts) DESC, order_id LIMIT {int(limit)}""")
    return [row.order_id for row in rows.collect()]


def recommendations_sql(catalog: str) -> str:
    """A query of the rows to insert into the catalog's table.

    Its parameters: `answers` and `quantiles` as JSON lists, and `now`.
    """
    return f"""
        SELECT order_id, CAST(:now AS TIMESTAMP) AS ts, order_ts, coalesce(response, to_json(named_struct(
                 'refund_usd', coalesce(refund_usd, 0D), 'refund_class', coalesce(refund_class, 'none'), 'reason',
                 coalesce(reason, 'The order''s start, items or location timings are not recorded: no refund.')
               ))) AS agent_response,
               if(response IS NULL, 'fallback', 'agent') AS source, coalesce(model, '{POLICY_NAME}') AS model
        FROM ({policy.refunds_sql(f"({_evidence_sql(catalog)})")})
        LEFT JOIN (SELECT inline(from_json(:answers, '{_ANSWERS}'))) USING (order_id)"""


def _evidence_sql(catalog: str) -> str:
    """One row per order without a recommendation: order_id, order_ts, minutes, p75, p99, total_usd."""
    events = order_facts.missing_deliveries(catalog, INBOX, TABLE)
    return f"""
        SELECT order_id, order_ts, minutes, p75_minutes AS p75, p99_minutes AS p99,
               CAST(total_usd AS DOUBLE) AS total_usd
        FROM ({order_facts.facts_sql(events)})
        LEFT JOIN (SELECT inline(from_json(:quantiles, '{_QUANTILES}'))) USING (location_id)"""


def counts(ws: "Workbook") -> dict[str, int]:
    """The number of recommendations by source."""
    rows = ws.spark.sql(f"SELECT source, count(*) AS orders FROM {ws.full_name(TABLE)} GROUP BY source").collect()
    return {row.source: row.orders for row in rows}
