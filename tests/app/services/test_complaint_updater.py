"""The app's table of complaints follows the synced table; texts come from the lakehouse, places from the queue."""

import pytest

from complaint_table import add_complaint
from refund_manager.domain.errors import LakehouseUnavailable, Unavailable
from refund_manager.postgres.database import Database
from refund_manager.postgres.schema import COMPLAINTS, REFUNDS
from refund_manager.services.complaint_updater import ComplaintUpdater
from refund_manager.services.lakehouse import Lakehouse


@pytest.fixture
def make_updater(app_conninfo, workspace):
    databases = [Database(schema, conninfo=app_conninfo) for schema in (COMPLAINTS, REFUNDS)]
    for database in databases:
        database.open()
    yield lambda warehouse="warehouse-1": ComplaintUpdater(
        *databases, Lakehouse(workspace, warehouse, "kitchens", "simulator")
    )
    for database in databases:
        database.close()


def column(connection, name):
    return dict(connection.execute(f"SELECT complaint_id, {name} FROM app.complaints ORDER BY 1").fetchall())


def test_rows_that_are_added_changed_or_removed_are_followed(make_updater, synced_complaints):
    updater = make_updater()
    updater.copy_rows()
    assert column(synced_complaints, "credit::text") == {"c-1": "0.00", "c-2": "4.25", "c-3": "0.00", "c-4": "6.50"}
    add_complaint(synced_complaints, "c-5", "CCC333", 5, '{"credit_amount": 2, "decision": "suggest_credit"}')
    synced_complaints.execute("DELETE FROM complaints.complaint_responses WHERE complaint_id = 'c-1'")
    synced_complaints.execute(
        "UPDATE complaints.complaint_responses SET ts = now(), agent_response = '{}' WHERE complaint_id = 'c-2'"
    )
    updater.copy_rows()
    assert column(synced_complaints, "credit::text") == {"c-2": None, "c-3": "0.00", "c-4": "6.50", "c-5": "2.00"}


@pytest.mark.parametrize(
    "answer",
    ["not JSON", "[1]", '{"credit_amount": "5"}', '{"credit_amount": 1e300}', '{"rationale": "a\\u0000b"}', "{}"],
)
def test_an_answer_that_cannot_be_read_is_an_escalation_without_a_credit(make_updater, synced_complaints, answer):
    add_complaint(synced_complaints, "c-5", "CCC333", 5, answer)
    make_updater().copy_rows()
    assert column(synced_complaints, "credit")["c-5"] is None
    urgency = column(synced_complaints, "urgency")
    assert urgency["c-1"] < urgency["c-5"] < urgency["c-2"]  # after medium priority, before credits


def test_texts_are_looked_up_once(make_updater, synced_complaints):
    updater = make_updater()
    updater.copy_rows()
    assert updater.add_texts() is True
    assert updater.add_texts() is False
    assert column(synced_complaints, "text") == {
        "c-1": '<script>alert("c")</script> The driver was rude.',
        "c-2": "My tea was cold when it came.",
        "c-3": "You charged my card twice, I call my lawyer.",
        "c-4": None,
    }


def test_without_the_lakehouse_texts_stay_to_be_looked_up(make_updater, synced_complaints):
    updater = make_updater("gone")
    updater.copy_rows()
    with pytest.raises(LakehouseUnavailable):
        updater.add_texts()
    assert set(column(synced_complaints, "text_at").values()) == {None}


def test_places_are_added_once_the_facts_of_an_order_are_known(make_updater, synced_complaints):
    updater = make_updater()
    updater.copy_rows()
    synced_complaints.execute(
        "INSERT INTO refunds.queue (order_id, ts, order_ts, source, suggested_reason, facts_at, city, brands) VALUES "
        "('AAA111', now(), now(), 'agent', '', now(), 'Chicago', '{Tea & Co}'), "
        "('BBB222', now(), now(), 'agent', '', NULL, NULL, NULL)"
    )
    updater.add_places()
    assert column(synced_complaints, "city") == {"c-1": "Chicago", "c-2": "Chicago", "c-3": None, "c-4": None}
    synced_complaints.execute("UPDATE refunds.queue SET facts_at = now(), city = 'Bellevue', brands = '{}'")
    updater.add_places()
    assert column(synced_complaints, "city") == {
        "c-1": "Chicago",
        "c-2": "Chicago",
        "c-3": "Bellevue",
        "c-4": "Bellevue",
    }


def test_the_choices_of_the_filters_are_those_of_the_complaints(make_updater, synced_complaints):
    def choices():
        return synced_complaints.execute("SELECT filter, value FROM app.complaint_choices ORDER BY 1, 2").fetchall()

    updater = make_updater()
    updater.copy_rows()
    categories = [("category", name) for name in ("billing", "food_quality", "service_issue")]
    assert choices() == categories
    synced_complaints.execute(
        "INSERT INTO refunds.queue (order_id, ts, order_ts, source, suggested_reason, facts_at, city, brands) "
        "VALUES ('AAA111', now(), now(), 'agent', '', now(), 'Chicago', '{Tea & Co, Bao Street}')"
    )
    updater.add_places()
    assert choices() == [("brand", "Bao Street"), ("brand", "Tea & Co"), *categories, ("city", "Chicago")]
    synced_complaints.execute("DELETE FROM complaints.complaint_responses WHERE order_id = 'AAA111'")
    updater.copy_rows()
    assert choices() == [("category", "billing"), ("category", "food_quality")]


def test_without_the_synced_table_rows_cannot_be_copied(make_updater, synced_complaints):
    synced_complaints.execute("ALTER TABLE complaints.complaint_responses RENAME TO later")
    with pytest.raises(Unavailable, match="not arrived"):
        make_updater().copy_rows()
