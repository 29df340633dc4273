import json
from datetime import UTC, datetime

import pytest

import caspers
from caspers.refunds.policy import Evidence, decide
from caspers.streams import refunds

pytestmark = pytest.mark.slow

NEW_ORDER = """
    INSERT INTO lakeflow.all_events BY NAME
    SELECT * EXCEPT (order_id, ts), '{}' AS order_id,
           CASE event_type WHEN 'delivered' THEN ts + INTERVAL 1 HOUR ELSE ts END AS ts
    FROM lakeflow.all_events WHERE order_id = 'EARLY1'"""


@pytest.fixture(scope="module")
def ws(kitchen, connected, catalog):
    workbook = caspers.connect(catalog)
    refunds.create_tables(workbook)
    return workbook


def recommendations(ws):
    rows = ws.spark.table(refunds.TABLE).collect()
    assert len({row.order_id for row in rows}) == len(rows)
    return {row.order_id: row for row in rows}


def test_every_delivered_order_gets_the_policys_answer_and_a_second_run_adds_nothing(ws, monkeypatch):
    monkeypatch.setenv("CASPERS_NOW", "2026-03-02T12:00:00+00:00")
    summary = refunds.run(ws, "no_such_agent")
    assert (summary.added, summary.agent) == (403, 0)
    assert "no_such_agent does not exist yet" in summary.note
    found = recommendations(ws)
    assert "ONROAD" not in found
    assert {(row.source, row.model) for row in found.values()} == {("fallback", "offline-policy")}
    assert {row.ts.astimezone(UTC) for row in found.values()} == {datetime(2026, 3, 2, 12, tzinfo=UTC)}
    assert refunds.run(ws, "no_such_agent").added == 0
    assert recommendations(ws) == found


def test_the_answer_is_the_same_as_for_one_order_alone(ws):
    quantiles = {row.location_id: row for row in ws.spark.sql(refunds.facts.quantiles_sql(ws.catalog)).collect()}
    times = {
        row.order_id: row
        for row in ws.spark.sql("""
            SELECT order_id, any_value(location_id) location_id,
                   round((unix_millis(max(ts)) - unix_millis(min(ts))) / 60000, 1) minutes
            FROM lakeflow.all_events GROUP BY order_id""").collect()
    }
    totals = dict(
        ws.spark.sql("""
        SELECT order_id, CAST(sum(extended_price) AS DOUBLE) FROM lakeflow.silver_order_items GROUP BY 1""").collect()
    )
    classes = set()
    for order_id, row in recommendations(ws).items():
        time, answer = times[order_id], json.loads(row.agent_response)
        limits = quantiles[time.location_id]
        alone = decide(Evidence(time.minutes, limits.p75_minutes, limits.p99_minutes, totals[order_id]))
        assert answer == {"refund_usd": alone.refund_usd, "refund_class": alone.refund_class, "reason": alone.reason}
        classes.add(alone.refund_class)
    assert classes == {"none", "partial", "full"}


def test_a_run_killed_before_it_recommended_is_made_good_with_the_agents_answers(ws):
    for order_id in ("NEW001", "NEW002"):
        ws.spark.sql(NEW_ORDER.format(order_id))
    refunds.receive(ws)  # killed here: the stream has moved on, nothing is recommended
    refunds.receive(ws)
    assert refunds.newest_undecided(ws, 5) == ["NEW001", "NEW002"]
    refunds.recommend(ws, [{"order_id": "NEW002", "response": '{"refund_usd": 1.5}', "model": "some-llm"}])
    found = recommendations(ws)
    assert (found["NEW001"].source, found["NEW001"].model) == ("fallback", "offline-policy")
    assert (found["NEW002"].source, found["NEW002"].model) == ("agent", "some-llm")
    assert found["NEW002"].agent_response == '{"refund_usd": 1.5}'
    assert refunds.newest_undecided(ws, 5) == []


def test_an_order_without_a_start_gets_no_refund_and_says_why(ws):
    ws.spark.sql("""
        INSERT INTO lakeflow.all_events BY NAME SELECT * EXCEPT (order_id), 'HALF01' AS order_id
        FROM lakeflow.all_events WHERE order_id = 'EARLY1' AND event_type = 'delivered'""")
    assert refunds.run(ws, "no_such_agent").added == 1
    row = recommendations(ws)["HALF01"]
    answer = json.loads(row.agent_response)
    assert (answer["refund_usd"], answer["refund_class"], row.order_ts) == (0.0, "none", None)
    assert "not recorded" in answer["reason"]


def test_lakebase_can_read_the_changes(ws):
    properties = dict(ws.spark.sql(f"SHOW TBLPROPERTIES {refunds.TABLE}").collect())
    assert properties["delta.enableChangeDataFeed"] == "true"
