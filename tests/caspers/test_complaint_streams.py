import json

import pytest

import caspers
from caspers.complaints import SHARES
from caspers.streams import complaint_agent, complaint_generator

RATE = 0.5


@pytest.fixture(scope="module")
def ws(kitchen, connected):
    kitchen.sql("DROP SCHEMA IF EXISTS complaints CASCADE")
    kitchen.sql("CREATE SCHEMA complaints")
    yield caspers.connect("caspersdev")
    kitchen.sql("DROP SCHEMA complaints CASCADE")


@pytest.fixture(autouse=True)
def still(monkeypatch):
    monkeypatch.setenv("CASPERS_NOW", "2026-03-02T12:00:00+00:00")


def by_key(ws, table):
    rows = ws.spark.table(table).collect()
    found = {row.complaint_id: row for row in rows}
    assert len(found) == len(rows)
    return found


def deliver(ws, order_id):
    """One more delivered order, as late as it gets."""
    ws.spark.sql(f"""
        INSERT INTO lakeflow.all_events BY NAME SELECT * EXCEPT (order_id), '{order_id}' AS order_id
        FROM lakeflow.all_events WHERE order_id = 'LATE01'""")


def test_the_sampled_share_of_delivered_orders_complains_once(ws):
    summary = complaint_generator.run(ws, RATE)
    wanted = ws.spark.sql(f"""SELECT order_id FROM lakeflow.all_events WHERE event_type = 'delivered'
                              AND {complaint_generator.sampled_sql(RATE)}""").collect()
    found = by_key(ws, complaint_generator.TABLE)
    assert {row.order_id for row in found.values()} == {row.order_id for row in wanted}
    assert summary.added == len(found) == sum(summary.by_category.values())
    assert 0.4 < len(found) / 403 < 0.6
    assert {row.complaint_category for row in found.values()} == set(SHARES)
    assert {row.generated_by for row in found.values()} == {"seeded-grammar"}
    assert complaint_generator.run(ws, RATE).added == 0
    assert by_key(ws, complaint_generator.TABLE) == found


def test_a_table_that_is_lost_is_written_again_word_for_word(ws):
    before = {key: row.complaint_text for key, row in by_key(ws, complaint_generator.TABLE).items()}
    ws.spark.sql(f"DELETE FROM {complaint_generator.TABLE} WHERE complaint_category = 'food_quality'")
    assert complaint_generator.run(ws, RATE).added > 0
    assert {key: row.complaint_text for key, row in by_key(ws, complaint_generator.TABLE).items()} == before


def test_nobody_complains_at_a_rate_of_0_and_everybody_at_1(ws):
    ids = ws.spark.sql("SELECT DISTINCT order_id FROM lakeflow.all_events")
    assert ids.filter(complaint_generator.sampled_sql(0)).count() == 0
    assert ids.filter(complaint_generator.sampled_sql(1)).count() == ids.count()


def test_every_complaint_gets_one_answer_by_the_policy_if_no_agent_is_there(ws):
    complaints = by_key(ws, complaint_generator.TABLE)
    summary = complaint_agent.run(ws, "no_such_agent")
    assert (summary.added, summary.agent, summary.fallback) == (len(complaints), 0, len(complaints))
    assert "no_such_agent does not exist yet" in summary.note
    responses = by_key(ws, complaint_agent.TABLE)
    assert set(responses) == set(complaints)
    for key, row in responses.items():
        assert (row.source, row.model, row.order_id) == ("fallback", "offline-policy", complaints[key].order_id)
        assert json.loads(row.agent_response)["category"] == complaints[key].complaint_category
    assert complaint_agent.run(ws, "no_such_agent").added == 0
    assert by_key(ws, complaint_agent.TABLE) == responses


def test_a_complaint_about_an_unknown_order_goes_to_a_person(ws):
    ws.spark.sql(f"""INSERT INTO {complaint_generator.TABLE}
                     VALUES ('C-me', 'NOSUCH', current_timestamp(), 'delivery_delay', 'It was late', 'me')""")
    assert complaint_agent.run(ws, "no_such_agent").added == 1
    answer = json.loads(by_key(ws, complaint_agent.TABLE)["C-me"].agent_response)
    assert (answer["decision"], answer["credit_amount"]) == ("escalate", 0.0)
    assert "NOSUCH" in answer["rationale"]


def test_new_deliveries_bring_new_complaints_and_answers(ws):
    before = by_key(ws, complaint_agent.TABLE)
    deliver(ws, "NEW001")
    assert complaint_generator.run(ws, 1.0).added == 1
    assert complaint_agent.run(ws, "no_such_agent").added == 1
    after = by_key(ws, complaint_agent.TABLE)
    assert after.pop("C-NEW001").order_id == "NEW001" and after == before


def test_lakebase_can_read_the_changes(ws):
    properties = dict(ws.spark.sql(f"SHOW TBLPROPERTIES {complaint_agent.TABLE}").collect())
    assert properties["delta.enableChangeDataFeed"] == "true"
