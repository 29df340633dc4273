"""The complaint agent's stream: every complaint gets one response, ever.

A structured stream appends the new complaints' ids to an inbox. The agent answers the newest of them, at most
AGENT_COMPLAINTS per run; the others get the written policy's own answer, from the same facts, marked as `fallback`
in `source`. An answer is never changed, so the next run completes one that was killed.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from caspers import clock, offline_policy
from caspers.agents.ask import ask_several
from caspers.complaints import policy
from caspers.complaints.reading import Reading, items_of, read_all
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


def create_tables(ws: "Workbook") -> None:
    """Create the inbox and the table of responses if they don't exist; Lakebase syncs from the table's change feed."""
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(INBOX)} (
          complaint_id STRING COMMENT 'A complaint', ts TIMESTAMP COMMENT 'When it was written')
        COMMENT 'Complaints that wait for an answer or have one'""")
    ws.spark.sql(f"""
        CREATE TABLE IF NOT EXISTS {ws.full_name(TABLE)} (
          complaint_id STRING COMMENT 'One row per complaint, ever', order_id STRING COMMENT 'What it is about',
          ts TIMESTAMP COMMENT 'When it was answered',
          agent_response STRING COMMENT 'JSON: category, decision, credit_amount, rationale, customer_response, ...',
          source STRING COMMENT 'agent, or fallback for the written policy alone',
          model STRING COMMENT 'What decided: a model by name, or {offline_policy.NAME}')
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
    waiting = ws.spark.sql(waiting_sql(ws.catalog)).collect()  # the newest first
    newest, rest = waiting[:AGENT_COMPLAINTS], waiting[AGENT_COMPLAINTS:]
    questions = [{"order_id": row.order_id, "complaint_text": row.complaint_text} for row in newest]
    with ThreadPoolExecutor(1, thread_name_prefix="agent") as pool:
        asked = pool.submit(ask_several, ws, endpoint, "complaints", questions)
        decided = by_policy(rest)  # while the agent answers
        answers, note = asked.result()
    answered = [(row, said) for row, said in zip(newest, answers, strict=True) if said is not None]
    decided += by_policy([row for row, said in zip(newest, answers, strict=True) if said is None])
    rows = [_response(row, said["response"], "agent", said["model"]) for row, said in answered]
    for row, triage in decided:
        rows.append(_response(row, json.dumps(asdict(triage), ensure_ascii=False), "fallback", offline_policy.NAME))
    insert_missing(ws, TABLE, "complaint_id", rows)
    return Summary(len(rows), len(rows) - len(decided), len(decided), note if rows else None)


def _response(row: "Row", answer: str, source: str, model: str) -> tuple[object, ...]:
    return (row.complaint_id, row.order_id, clock.now(), answer, source, model)


def by_policy(complaints: list["Row"]) -> list[tuple["Row", policy.Triage]]:
    """These rows of `waiting_sql`, each with the policy's answer to what can be read from its text."""
    readings = read_all([(row.complaint_text, items_of(row.lines or ())) for row in complaints])
    return [(row, _triage(row, reading)) for row, reading in zip(complaints, readings, strict=True)]


def _triage(row: "Row", reading: Reading) -> policy.Triage:
    if row.lines is None or row.p75_minutes is None:
        why = f"The items of order {row.order_id} or its location's timings are not recorded."
        return policy.escalated(reading, "medium", f"{why} A person has to look at it.")
    total, items = float(row.total_usd), items_of(row.lines)
    return policy.decide(reading, policy.Evidence(row.minutes, row.p75_minutes, row.p99_minutes, total, items))


def waiting_sql(catalog: str) -> str:
    """Complaints without a response, the newest order first, with the facts that the policy needs (NULL if unknown)."""
    complaints, inbox, responses = (in_catalog(catalog, name) for name in (COMPLAINTS, INBOX, TABLE))
    return f"""
        WITH waiting AS (SELECT * FROM {complaints} LEFT SEMI JOIN {inbox} USING (complaint_id)
                         LEFT ANTI JOIN {responses} USING (complaint_id)),
        events AS (SELECT * FROM {order_facts.deliveries(catalog)} LEFT SEMI JOIN waiting USING (order_id))
        SELECT complaint_id, order_id, complaint_text, minutes, p75_minutes, p99_minutes, lines, total_usd
        FROM waiting LEFT JOIN ({order_facts.facts_sql("events")}) USING (order_id)
             LEFT JOIN ({facts.quantiles_sql(catalog)}) USING (location_id)
        ORDER BY delivered_ts DESC, complaint_id"""
