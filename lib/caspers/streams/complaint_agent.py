"""The complaint agent's stream: every complaint gets one response, ever.

A structured stream appends the new complaints' ids to an inbox. The agent answers the newest of them, at most
AGENT_COMPLAINTS per run; the others get the written policy's own answer, from the same facts, marked as `fallback`
in `source`. An answer is never changed, so the next run completes one that was killed.
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from caspers import clock, offline_policy
from caspers.agents.ask import Answer, ask_several
from caspers.complaints import policy
from caspers.complaints.reading import Item, Reading, read_all
from caspers.names import in_catalog
from caspers.refunds import facts, order_facts
from caspers.streams import inbox
from caspers.streams.complaint_generator import TABLE as COMPLAINTS
from caspers.streams.insert import insert_missing
from caspers.streams.summary import Summary

if TYPE_CHECKING:
    from pyspark.sql import Row

    from caspers.platform.connect import Workbook

SCHEMA = "complaints"
VOLUME = "answer_checkpoints"  # of its own, so that it goes with the answers when these are removed
TABLE = f"{SCHEMA}.complaint_responses"
INBOX = f"{SCHEMA}.complaint_inbox"
AGENT_COMPLAINTS = 10
_COLUMNS = "complaint_id STRING, order_id STRING, ts TIMESTAMP, agent_response STRING, source STRING, model STRING"


def create_tables(ws: "Workbook") -> None:
    """Create the inbox and the table of responses if they don't exist; Lakebase syncs from the table's change feed."""
    ws.spark.sql(f"CREATE TABLE IF NOT EXISTS {ws.full_name(INBOX)} (complaint_id STRING, ts TIMESTAMP)")
    ws.spark.sql(f"""CREATE TABLE IF NOT EXISTS {ws.full_name(TABLE)} ({_COLUMNS})
                     TBLPROPERTIES (delta.enableChangeDataFeed = true)""")


def run(ws: "Workbook", endpoint: str) -> Summary:
    """Answer every complaint that has no response yet; `endpoint` is the complaint agent's."""
    create_tables(ws)
    receive(ws)
    return answer(ws, endpoint)


def receive(ws: "Workbook") -> None:
    """Append the complaints written since the last run to the inbox, each once."""
    complaints = ws.spark.readStream.table(ws.full_name(COMPLAINTS))
    inbox.receive(
        complaints.select("complaint_id", "ts"), ws.full_name(INBOX), f"{ws.volume(SCHEMA, VOLUME)}/complaint_inbox"
    )


def answer(ws: "Workbook", endpoint: str) -> Summary:
    """Insert a response to every complaint of the inbox that has none: the agent's to the newest, else the policy's."""
    waiting = ws.spark.sql(_waiting_sql(ws.catalog)).collect()
    answers, note = _agent_answers(ws, endpoint, waiting[:AGENT_COMPLAINTS])
    readings = _read([row for row in waiting if row.complaint_id not in answers])
    rows = [_response(row, answers.get(row.complaint_id), readings) for row in waiting]
    insert_missing(ws, TABLE, "complaint_id", _COLUMNS, rows)
    return Summary(len(rows), len(answers), len(rows) - len(answers), note if rows else None)


def _agent_answers(ws: "Workbook", endpoint: str, complaints: list["Row"]) -> tuple[dict[str, Answer], str | None]:
    """The agent's answers by complaint id, and why some are missing."""
    things = [{"order_id": row.order_id, "complaint_text": row.complaint_text} for row in complaints]
    answers, note = ask_several(ws, endpoint, "complaints", things)
    return {row.complaint_id: answer for row, answer in zip(complaints, answers, strict=True) if answer}, note


def _read(rows: list["Row"]) -> dict[str, Reading]:
    """The readings of these complaints, by complaint id."""
    readings = read_all([(row.complaint_text, _items(row)) for row in rows])
    return {row.complaint_id: reading for row, reading in zip(rows, readings, strict=True)}


def _items(row: "Row") -> tuple[Item, ...]:
    return tuple(Item(item.name, item.qty, float(item.price)) for item in row.lines or ())


def _response(row: "Row", answer: Answer | None, readings: dict[str, Reading]) -> tuple[object, ...]:
    if answer:
        return row.complaint_id, row.order_id, clock.now(), answer["response"], "agent", answer["model"]
    triage = json.dumps(asdict(_by_policy(row, readings[row.complaint_id])), ensure_ascii=False)
    return row.complaint_id, row.order_id, clock.now(), triage, "fallback", offline_policy.NAME


def _by_policy(row: "Row", reading: Reading) -> policy.Triage:
    if row.lines is None or row.p75_minutes is None:
        why = f"The items of order {row.order_id} or its location's timings are not recorded."
        return policy.escalated(reading, "medium", f"{why} A person has to look at it.")
    items = _items(row)
    total = round(sum(item.qty * item.price_usd for item in items), 2)
    return policy.decide(reading, policy.Evidence(row.minutes, row.p75_minutes, row.p99_minutes, total, items))


def _waiting_sql(catalog: str) -> str:
    """Complaints without a response, the newest order first, with the facts that the policy needs (NULL if unknown)."""
    complaints, inbox, responses = (in_catalog(catalog, name) for name in (COMPLAINTS, INBOX, TABLE))
    return f"""
        WITH waiting AS (SELECT * FROM {complaints} LEFT SEMI JOIN {inbox} USING (complaint_id)
                         LEFT ANTI JOIN {responses} USING (complaint_id)),
        events AS (SELECT * FROM {order_facts.deliveries(catalog)} LEFT SEMI JOIN waiting USING (order_id))
        SELECT complaint_id, order_id, complaint_text, minutes, p75_minutes, p99_minutes, lines
        FROM waiting LEFT JOIN ({order_facts.facts_sql("events")}) USING (order_id)
             LEFT JOIN ({facts.quantiles_sql(catalog)}) USING (location_id)
        ORDER BY delivered_ts DESC, complaint_id"""
