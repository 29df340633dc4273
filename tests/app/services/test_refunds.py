"""One decision per order, its audit, undo, and bulk approval."""

import concurrent.futures
import re
from decimal import Decimal

import psycopg
import pytest
from fastapi.testclient import TestClient

from app_client import decide, fields, send

KEY = "0b6f3f0e-key"


@pytest.fixture
def rows(conninfo):
    def select(query):
        with psycopg.connect(conninfo) as connection:
            return connection.execute(query).fetchall()

    return select


def test_a_repeated_request_returns_the_saved_decision(client, rows):
    first = decide(client, "AAA111", "approve", key=KEY)
    again = decide(client, "AAA111", "approve", key=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert decide(client, "AAA111", "approve").status_code == 409
    assert rows("SELECT count(*) FROM refunds.decision_audit") == [(1,)]


def test_a_request_sent_many_times_concurrently_is_saved_once(client, rows):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: decide(client, "AAA111", "approve", key=KEY).status_code, range(12)))
    assert answers == [201] * 12
    assert rows("SELECT count(*) FROM refunds.decision_audit") == [(1,)]


def test_undo_reopens_the_order_and_a_late_retry_does_not_decide_it_again(client):
    decide(client, "AAA111", "approve", key=KEY)
    assert client.post("/api/refunds/AAA111/undo").status_code == 204
    assert client.get("/api/summary").json()["granted_usd"] == "0.00"
    assert decide(client, "AAA111", "approve", key=KEY).status_code == 409
    assert client.get("/api/orders/AAA111").json()["decision"] is None
    assert decide(client, "AAA111", "deny", reason="on time").status_code == 201
    assert client.post("/api/refunds/BBB222/undo").status_code == 404
    history = client.get("/api/orders/AAA111").json()["history"]
    assert [
        (change["before"] and change["before"]["amount"], change["after"] and change["after"]["amount"])
        for change in history
    ] == [(None, "5.00"), ("5.00", None), (None, "0.00")]
    assert {change["changed_by"] for change in history} == {"ana"}


def test_decisions_of_an_older_schema_are_kept(make_app, app_conninfo):
    with psycopg.connect(app_conninfo) as connection:
        connection.execute("""
            DROP SCHEMA refunds CASCADE;
            CREATE SCHEMA refunds;
            CREATE TABLE refunds.refund_decisions (
                order_id text PRIMARY KEY, decision text NOT NULL, amount numeric(10, 2) NOT NULL, reason text NOT NULL,
                decided_by text NOT NULL, decided_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO refunds.refund_decisions VALUES ('AAA111', 'approved', 5, '', 'ana', '2026-03-01');""")
    with TestClient(make_app("ben"), base_url="http://localhost") as ben:
        assert decide(ben, "AAA111", "deny", reason="no").json()["decision"]["decided_by"] == "ana"
        summary = ben.get("/api/summary").json()
        assert (summary["decided"], summary["granted_usd"]) == (1, "5.00")


def test_only_the_person_who_decided_can_undo_and_only_for_ten_minutes(make_app, conninfo):
    with (
        TestClient(make_app("ana"), base_url="http://localhost") as ana,
        TestClient(make_app("ben"), base_url="http://localhost") as ben,
    ):
        decide(ana, "AAA111", "approve")
        refused = ben.post("/api/refunds/AAA111/undo")
        assert (refused.status_code, refused.json()["decision"]["decided_by"]) == (409, "ana")
        with psycopg.connect(conninfo) as connection:
            connection.execute("""
                INSERT INTO refunds.refund_decisions (order_id, decision, amount, reason, decided_by, decided_at)
                VALUES ('BBB222', 'approved', 30.25, '', 'ana', now() - interval '11 minutes')""")
        assert ana.post("/api/refunds/BBB222/undo").status_code == 409
        assert ana.post("/api/refunds/AAA111/undo").status_code == 204


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE refunds.decision_audit SET changed_by = 'x'",
        "DELETE FROM refunds.decision_audit",
        "TRUNCATE refunds.decision_audit",
        "UPDATE refunds.refund_decisions SET amount = 1",
    ],
)
def test_the_audit_is_append_only(client, conninfo, statement):
    decide(client, "AAA111", "approve")
    with psycopg.connect(conninfo) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(statement)


def test_money_is_numeric_from_end_to_end(client, rows):
    decide(client, "AAA111", "change", amount="0.10")
    decide(client, "BBB222", "change", amount="0.20")
    assert client.get("/api/summary").json()["granted_usd"] == "0.30"
    assert rows(
        "SELECT DISTINCT numeric_scale FROM information_schema.columns WHERE table_schema = 'refunds' "
        "AND column_name IN ('amount', 'suggested_usd', 'granted_usd', 'total_usd') "
        "AND table_name IN ('queue', 'refund_decisions')"
    ) == [(2,)]
    assert rows("SELECT (after->>'amount')::numeric FROM refunds.decision_audit ORDER BY id") == [
        (Decimal("0.10"),),
        (Decimal("0.20"),),
    ]


def test_bulk_approves_what_its_preview_showed_once(client, rows):
    page = client.get("/bulk", params={"refund_class": "partial"})
    hidden = fields(page.text)
    assert (hidden["orders"], hidden["amount"]) == ("2", "12.10")
    for _ in range(2):  # a second click
        done = client.post("/bulk", params={"refund_class": "partial"}, data=hidden)
        assert "2 orders, $12.10" in done.text
    assert client.get("/api/summary").json()["granted_usd"] == "12.10"
    client.post("/bulk/undo", data={"token": hidden["token"], "key": hidden["key"]})
    assert client.get("/api/summary").json()["decided"] == 0
    again = client.post("/bulk", params={"refund_class": "partial"}, data=hidden)
    assert "2 orders" in again.text  # the first result, without approving again
    assert client.get("/api/summary").json()["decided"] == 0
    assert rows("SELECT count(*) FROM refunds.decision_audit") == [(4,)]


def test_bulk_changes_nothing_if_the_list_has_changed(client):
    hidden = fields(client.get("/bulk?refund_class=all").text)
    decide(client, "AAA111", "deny", reason="on time")
    answer = client.post("/bulk?refund_class=all", data=hidden)
    assert answer.status_code == 409
    assert "it now has 3 orders and $37.35" in answer.text
    assert client.get("/api/summary").json()["decided"] == 1


def test_concurrent_bulk_and_single_decisions_leave_one_per_order(make_app, rows):
    with TestClient(make_app(), base_url="http://localhost") as client:
        hidden = fields(client.get("/bulk?refund_class=all").text)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            singles = [pool.submit(decide, client, order, "approve") for order in ("AAA111", "BBB222", "CCC333")]
            pool.submit(client.post, "/bulk?refund_class=all", data=hidden).result()
        assert {single.result().status_code for single in singles} <= {201, 409}
    assert rows("SELECT count(*) - count(DISTINCT order_id) FROM refunds.decision_audit") == [(0,)]
    assert rows(
        "SELECT sum(granted_usd) - (SELECT sum(amount) FROM refunds.refund_decisions) FROM refunds.daily "
        "WHERE dimension = 'all'"
    ) == [(0,)]


def test_the_form_returns_to_the_list_which_offers_undo(client):
    answer = send(
        client, "/?refund_class=full", "/orders/BBB222/decision?refund_class=full", decision="approve", back="queue"
    )
    assert (answer.url.path, answer.url.params["done"], answer.url.params["refund_class"]) == ("/", "BBB222", "full")
    assert "/orders/BBB222/undo" in answer.text
    undone = send(client, "/", "/orders/BBB222/undo", back="queue")
    assert (undone.url.path, undone.status_code) == ("/", 200)
    assert client.get("/api/summary").json()["decided"] == 0


def test_the_overview_shows_how_often_the_agent_was_overruled(client):
    decide(client, "AAA111", "approve")
    decide(client, "BBB222", "change", amount="2.00")
    decide(client, "CCC333", "deny", reason="nothing to refund")
    page = client.get("/overview").text
    assert "33.3%" in page
    assert "$7.00" in page
    assert 'href="/orders/DDD444' in page  # the oldest open one
    assert re.search(r"<title>[^<]+: 1 of \d decisions, \d+\.\d%</title>", page)
    assert client.get("/overview", params={"days": 500}).status_code == 422
