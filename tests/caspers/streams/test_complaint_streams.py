import json

import pytest
from pyspark.errors import PySparkException

import caspers
import openai_server
from caspers.complaints import SHARES
from caspers.standin import model_endpoint
from caspers.streams import complaint_agent, complaint_generator

pytestmark = pytest.mark.slow

RATE, LLM_MODEL = 0.5, "no-such-model"


@pytest.fixture(scope="module")
def ws(kitchen, connected, catalog):
    kitchen.sql("DROP SCHEMA IF EXISTS complaints CASCADE")
    kitchen.sql("CREATE SCHEMA complaints")
    yield caspers.connect(catalog)
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
    summary = complaint_generator.run(ws, RATE, LLM_MODEL)
    wanted = ws.spark.sql(f"""SELECT order_id FROM lakeflow.all_events WHERE event_type = 'delivered'
                              AND {complaint_generator.sampled_sql(RATE)}""").collect()
    found = by_key(ws, complaint_generator.TABLE)
    assert {row.order_id for row in found.values()} == {row.order_id for row in wanted}
    assert summary.added == len(found) == sum(summary.by_category.values())
    assert 0.4 < len(found) / 403 < 0.6
    assert {row.complaint_category for row in found.values()} == set(SHARES)
    assert {row.generated_by for row in found.values()} == {"seeded-grammar"}
    assert complaint_generator.run(ws, RATE, LLM_MODEL).added == 0
    assert by_key(ws, complaint_generator.TABLE) == found


def test_a_table_that_is_lost_is_written_again_word_for_word(ws):
    before = {key: row.complaint_text for key, row in by_key(ws, complaint_generator.TABLE).items()}
    ws.spark.sql(f"DELETE FROM {complaint_generator.TABLE} WHERE complaint_category = 'food_quality'")
    assert complaint_generator.run(ws, RATE, LLM_MODEL).added > 0
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
    assert complaint_generator.run(ws, 1.0, LLM_MODEL).added == 1
    assert complaint_agent.run(ws, "no_such_agent").added == 1
    after = by_key(ws, complaint_agent.TABLE)
    assert after.pop("C-NEW001").order_id == "NEW001" and after == before


def test_a_language_model_words_the_newest_complaints_and_the_grammar_those_at_which_it_fails(ws, monkeypatch):
    with openai_server.running() as url:
        monkeypatch.setenv("CASPERS_LLM_BASE_URL", url)
        monkeypatch.setenv("CASPERS_LLM_API_KEY", openai_server.KEY)
        monkeypatch.setattr(complaint_generator, "MODEL_TEXTS", 2)
        model_endpoint.ensure(ws, "a-writer")
        for order_id in ("NEW002", "NEW003", "NEW004"):
            deliver(ws, order_id)
        assert complaint_generator.run(ws, 1.0, "a-writer").by_model == 2
        monkeypatch.setenv("CASPERS_LLM_API_KEY", "sk-wrong")
        model_endpoint.ensure(ws, "a-writer")
        deliver(ws, "NEW005")
        assert complaint_generator.run(ws, 1.0, "a-writer").by_model == 0
    ws.w.serving_endpoints.delete("a-writer")
    found = by_key(ws, complaint_generator.TABLE)
    assert {key: found[f"C-{key}"].generated_by for key in ("NEW002", "NEW003", "NEW004", "NEW005")} == {
        "NEW002": "seeded-grammar",
        "NEW003": "a-writer",
        "NEW004": "a-writer",
        "NEW005": "seeded-grammar",
    }
    assert "NEW004" in found["C-NEW004"].complaint_text  # the server echoes what it was asked


def test_ai_query_fails_the_query_unless_it_is_told_otherwise(ws):
    ws.offer_ai_query()
    [row] = ws.spark.sql("SELECT ai_query('nowhere', 'Hello', failOnError => false) AS answer").collect()
    assert row.answer.result is None and "nowhere" in row.answer.errorMessage
    with pytest.raises(PySparkException, match="nowhere"):
        ws.spark.sql("SELECT ai_query('nowhere', 'Hello')").collect()


def test_lakebase_can_read_the_changes(ws):
    properties = dict(ws.spark.sql(f"SHOW TBLPROPERTIES {complaint_agent.TABLE}").collect())
    assert properties["delta.enableChangeDataFeed"] == "true"
