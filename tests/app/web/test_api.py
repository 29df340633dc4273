"""The JSON API: lists, decisions, validation, and who may write."""

import concurrent.futures
from decimal import Decimal

import psycopg
import pytest
from fastapi.testclient import TestClient

from app_client import decide, ids
from refund_table import add
from waiting import eventually


def test_the_list_is_newest_first_and_pages_by_key(client, conninfo):
    first = client.get("/api/recommendations", params={"limit": 2}).json()
    assert [row["order_id"] for row in first["recommendations"]] == ["DDD444", "CCC333"]
    with psycopg.connect(conninfo) as connection:  # a row that arrives in between does not shift the pages
        add(connection, "EEE555", 50, "agent", '{"refund_usd": 1, "refund_class": "partial", "reason": "new"}')
    eventually(lambda: "EEE555" in ids(client.get("/api/recommendations")), ignoring=KeyError)
    second = client.get("/api/recommendations", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["order_id"] for row in second["recommendations"]] == ["BBB222", "AAA111"]
    assert second["next_cursor"] is None


def test_filters_by_class_and_by_status(client):
    decide(client, "DDD444", "approve")
    partial = client.get("/api/recommendations", params={"refund_class": "partial", "status": "open"}).json()
    assert [row["order_id"] for row in partial["recommendations"]] == ["AAA111"]
    decided = client.get("/api/recommendations", params={"status": "decided"}).json()["recommendations"]
    assert [(row["order_id"], row["decision"]["amount"]) for row in decided] == [("DDD444", "7.10")]


def test_summary_counts_and_adds_up(client):
    decide(client, "BBB222", "approve")
    summary = client.get("/api/summary").json()
    assert (summary["orders"], summary["open"], summary["decided"]) == (4, 3, 1)
    assert (summary["suggested_usd"], summary["granted_usd"]) == ("42.35", "30.25")
    assert [row["suggested_class"] for row in summary["by_class"]] == ["full", "partial", "none"]


def test_events_of_an_order(client):
    timeline = client.get("/api/orders/AAA111/events").json()
    assert [(stage["name"], stage["minutes"], stage["pings"]) for stage in timeline["stages"]] == [
        ("Ordered", None, 0),
        ("Cooking started", 1.5, 0),
        ("Picked up", 18.5, 0),
        ("On the way", 2.0, 2),
        ("Delivered", 23.0, 0),
    ]
    assert (timeline["delivery_minutes"], timeline["total_usd"]) == (45.0, "28.25")


def test_unknown_orders_are_404(client):
    assert client.get("/api/orders/ZZZ999/events").status_code == 404
    answer = decide(client, "ZZZ999", "approve")
    assert answer.status_code == 404
    assert "ZZZ999" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("request_body", "decision", "amount"),
    [
        ({"decision": "approve"}, "approved", "5.00"),
        ({"decision": "change", "amount": "3.10", "reason": "half of it was fine"}, "changed", "3.10"),
        ({"decision": "change", "amount": 28.25}, "changed", "28.25"),  # the order's whole total
        ({"decision": "deny", "reason": "was on time"}, "denied", "0.00"),
    ],
)
def test_a_decision_is_saved_as_numeric(client, conninfo, request_body, decision, amount):
    answer = client.post("/api/refunds", json={"order_id": "AAA111", **request_body})
    assert (answer.status_code, answer.json()["decision"]) == (201, decision)
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT decision, amount, decided_by FROM refunds.refund_decisions").fetchone()
    assert row == (decision, Decimal(amount), "ana")
    assert str(row[1]) == amount


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "change", "amount": "28.26"}, "amount"),  # one cent more than the order
        ({"decision": "change", "amount": "1.005"}, "amount"),
        ({"decision": "change", "amount": "-1"}, "amount"),
        ({"decision": "change", "amount": "NaN"}, "amount"),
        ({"decision": "change"}, "amount"),
        ({"decision": "approve", "amount": "5.00"}, "amount"),
        ({"decision": "deny", "reason": "  "}, "reason"),
        ({"decision": "deny", "reason": "x" * 1001}, "reason"),
        ({"decision": "later"}, "decision"),
        ({"decision": "approve", "order_id": "A'; --"}, "order_id"),
        ({"decision": "approve", "user": "boss"}, "user"),
    ],
)
def test_bad_input_is_422_with_the_fields_name_and_saves_nothing(client, body, field):
    answer = client.post("/api/refunds", json={"order_id": "AAA111", **body})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert client.get("/api/summary").json()["decided"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("status=new", "status"),
        ("refund_class=big", "refund_class"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%F0%9F%98%80", "cursor"),
    ],
)
def test_bad_queries_are_422(client, query, field):
    answer = client.get(f"/api/recommendations?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_first_writer_wins(make_app):
    with (
        TestClient(make_app("ana"), base_url="http://localhost") as ana,
        TestClient(make_app("ben"), base_url="http://localhost") as ben,
    ):
        assert decide(ana, "AAA111", "approve").status_code == 201
        refused = decide(ben, "AAA111", "deny", reason="no")
    assert refused.status_code == 409
    assert "ana" in refused.json()["detail"]
    assert refused.json()["decision"]["amount"] == "5.00"


def test_concurrent_requests_leave_one_decision(client, conninfo):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda cents: decide(client, "BBB222", "change", amount=f"1.{cents}").status_code, range(10, 26))
        )
    assert sorted(answers) == [201] + [409] * 15
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM refunds.refund_decisions").fetchone() == (1,)


@pytest.mark.parametrize(
    "answer", ["I refund {all}", '{"refund_usd": 5, "refund_class": "full", "reason": "a\\u0000b"}']
)
def test_an_answer_that_is_not_json_is_shown_and_can_be_denied(client, conninfo, answer):
    with psycopg.connect(conninfo) as connection:
        add(connection, "FFF666", 59, "agent", answer)
    eventually(lambda: "FFF666" in ids(client.get("/api/recommendations")), ignoring=KeyError)
    row = client.get("/api/recommendations", params={"limit": 1}).json()["recommendations"][0]
    assert (row["suggested_class"], row["suggested_usd"]) == (None, None)
    assert decide(client, "FFF666", "approve").json()["errors"][0]["field"] == "decision"
    assert decide(client, "FFF666", "deny", reason="nothing to go by").status_code == 201


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_other_sites_cannot_write(client, headers):
    body = {"order_id": "AAA111", "decision": "approve"}
    assert client.post("/api/refunds", json=body, headers=headers).status_code == 403
    assert client.post("/api/refunds", json=body, headers={"origin": "http://127.0.0.1"}).status_code == 201


@pytest.mark.parametrize("header", ["x-forwarded-email", "x-forwarded-user"])
def test_a_decision_is_of_the_person_whom_the_gateway_names(make_app, header):
    with TestClient(make_app(None), base_url="https://refunds.databricksapps.example") as platform:
        body = {"order_id": "BBB222", "decision": "approve"}
        answer = platform.post("/api/refunds", json=body, headers={header: "boss@example.com"})
        assert answer.json()["decided_by"] == "boss@example.com"
