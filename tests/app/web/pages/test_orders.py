"""The page of an order and its forms, and what pages show during an outage."""

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
from fastapi.testclient import TestClient

from app_client import fields, ids, send
from refund_table import add
from waiting import eventually


def test_the_queue_shows_open_orders_and_filters(client):
    page = client.get("/", params={"refund_class": "all"}).text
    assert [order for order in ("DDD444", "CCC333", "BBB222", "AAA111") if f"/orders/{order}" in page] == [
        "DDD444",
        "CCC333",
        "BBB222",
        "AAA111",
    ]
    assert "$30.25" in page
    full = client.get("/", params={"refund_class": "full"}).text
    assert "BBB222" in full
    assert "AAA111" not in full
    assert "No decided orders match" in client.get("/", params={"status": "decided"}).text


def test_the_queue_opens_on_refunds_to_decide(client, conninfo):
    with psycopg.connect(conninfo) as connection:
        add(connection, "FFF666", 59, "agent", "I refund {all}")
    eventually(lambda: "FFF666" in ids(client.get("/api/recommendations")), ignoring=KeyError)
    page = client.get("/").text
    assert re.findall(r'<tr data-id="(\w+)"', page) == ["FFF666", "DDD444", "BBB222", "AAA111"]  # CCC333: no refund
    assert "<dt>Refunds to decide</dt><dd>4</dd>" in page
    nothing = client.get("/", params={"refund_class": "none"}).text
    assert re.findall(r'<tr data-id="(\w+)"', nothing) == ["CCC333"]


def test_an_empty_queue_says_so(client, conninfo):
    assert "DDD444" in client.get("/").text
    with psycopg.connect(conninfo) as connection:
        connection.execute("UPDATE refunds.queue SET decision = 'approved', granted_usd = 0")
    page = client.get("/").text
    assert "There are no refunds to decide." in page and "Clear all filters" not in page


def test_a_suggestion_says_who_made_it(client):
    assert "by the written policy" in client.get("/", params={"refund_class": "full"}).text
    assert "By the written policy, " in client.get("/orders/BBB222").text
    assert "By the agent (a-model), " in client.get("/orders/AAA111").text
    for path in ("/?refund_class=full", "/orders/BBB222", "/bulk?source=fallback"):
        text = re.sub(r"<[^>]+>", " ", client.get(path).text)
        assert "written policy" in text and "fallback" not in text


def test_a_decided_order_shows_who_decided_what_and_when(make_app):
    with (
        TestClient(make_app("ana"), base_url="http://localhost") as ana,
        TestClient(make_app("ben"), base_url="http://localhost") as ben,
    ):
        assert "<h2>History</h2>" not in ana.get("/orders/AAA111").text
        hidden = fields(ana.get("/bulk").text)
        ana.post("/bulk", data=hidden)
        ana.post("/bulk/undo", data={"token": hidden["token"], "key": hidden["key"]})
        send(ben, "/orders/AAA111", "/orders/AAA111/decision", decision="change", amount="4.50", reason="cold <b>soup")
        assert history(ben, "AAA111") == [
            "the agent suggested $5.00",
            "ana approved $5.00, together with a whole list",
            "ana undid the decision; the order was open again",
            "ben changed the refund to $4.50 cold &lt;b&gt;soup",
        ]
        send(ana, "/orders/BBB222", "/orders/BBB222/decision", decision="deny", reason="it was on time")
        assert history(ana, "BBB222")[-1] == "ana denied the refund it was on time"


def history(client, order_id):
    """The lines of an order's history, without their times."""
    section = client.get(f"/orders/{order_id}").text.split("<h2>History</h2>")[1].split("</section>")[0]
    lines = re.findall(r"<time>\d+ \w+ \d{4}, \d\d:\d\d UTC</time>(.*?)</li>", section, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()).replace(" ,", ",").replace(" ;", ";") for line in lines]


def test_text_from_outside_is_escaped(client):
    for path in ("/", "/orders/DDD444"):
        page = client.get(path)
        assert "&lt;script&gt;" in page.text
        assert "<script>" not in page.text
        assert page.text.count("<script") == 1  # the app's own, by URL
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
    assert "Pad &lt;b&gt;Thai" in client.get("/orders/AAA111/timeline").text


def test_an_order_shows_its_timeline_and_items(client):
    timeline = ("delivered in 45.0 minutes", "2 positions", "$28.25", "+18.5 min")
    page = client.get("/orders/AAA111").text
    assert "Approve $5.00" in page
    assert (
        'data-load="/orders/AAA111/timeline' in page and timeline[0] not in page
    )  # the page does not wait for the lakehouse
    fragment = client.get("/orders/AAA111/timeline").text
    assert all(text in fragment for text in timeline) and "<header" not in fragment
    assert "<header" in client.get("/orders/AAA111/timeline", headers={"sec-fetch-mode": "navigate"}).text
    again = client.get("/orders/AAA111").text
    assert all(text in again for text in timeline) and "data-load" not in again


def test_an_order_shows_its_context(client):
    kitchen = {"orders": 1, "late": 1, "median_minutes": 40.5}
    eventually(lambda: client.get("/api/orders/AAA111").json()["kitchen"], kitchen, ignoring=KeyError)
    order = client.get("/api/orders/AAA111").json()
    assert [other["order_id"] for other in order["others"]] == ["CCC333"]
    page = client.get("/orders/AAA111").text
    assert "Other orders at this address" in page and "/orders/CCC333" in page
    assert "1 other order in San Francisco" in page
    assert "Other orders at this address" not in client.get("/orders/BBB222").text


def test_the_form_saves_and_redirects_to_the_order(client):
    answer = send(client, "/orders/AAA111", "/orders/AAA111/decision", decision="change", amount="4.50", reason="")
    assert (answer.status_code, answer.url.path) == (200, "/orders/AAA111")
    assert "$4.50" in answer.text
    assert "Approve" not in answer.text


def test_an_invalid_amount_is_reported_and_kept_in_the_form(client):
    answer = send(client, "/orders/AAA111", "/orders/AAA111/decision", decision="change", amount="12,x", reason="cold")
    assert answer.status_code == 422
    assert "<strong>amount</strong>: enter dollars and cents, such as 4.50" in answer.text
    assert 'value="12,x"' in answer.text


def test_the_second_person_sees_who_decided(make_app):
    with (
        TestClient(make_app("ana"), base_url="http://localhost") as ana,
        TestClient(make_app("ben"), base_url="http://localhost") as ben,
    ):
        send(ana, "/orders/AAA111", "/orders/AAA111/decision", decision="approve")
        answer = send(ben, "/orders/BBB222", "/orders/AAA111/decision", decision="deny", reason="no")
    assert answer.status_code == 409
    assert "ana has already decided order AAA111" in answer.text


def test_unknown_pages_and_orders_are_404_pages(client):
    for path in ("/orders/ZZZ999", "/nowhere"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


def test_without_the_lakehouse_an_order_can_still_be_approved(make_app):
    with TestClient(make_app(warehouse="gone"), base_url="http://localhost") as client:
        assert client.get("/orders/AAA111").status_code == 200
        assert "no such warehouse" in client.get("/orders/AAA111/timeline").text
        assert client.post("/api/refunds", json={"order_id": "AAA111", "decision": "approve"}).status_code == 201
        raised = client.post("/api/refunds", json={"order_id": "BBB222", "decision": "change", "amount": "31"})
        assert raised.status_code == 503


def test_a_missing_synced_table_is_reported(make_app, conninfo):
    with psycopg.connect(conninfo) as connection:
        connection.execute("ALTER TABLE recommender.refund_recommendations RENAME TO later")
    with TestClient(make_app(), base_url="http://localhost") as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "have not arrived" in answer.text
        assert client.get("/api/health").status_code == 503
        with psycopg.connect(conninfo) as connection:
            connection.execute("ALTER TABLE recommender.later RENAME TO refund_recommendations")
        eventually(lambda: client.get("/").status_code, 200)


def test_an_outage_shows_an_error_page_and_the_app_recovers(client, server):
    assert client.get("/api/health").json()["status"] == "ok"
    server.stop()
    try:
        with ThreadPoolExecutor() as pool:
            page, health = pool.map(client.get, ("/", "/api/health"))
        assert (page.status_code, health.status_code) == (503, 503)
        assert "can&#39;t be reached" in page.text
        assert 'http-equiv="refresh"' in page.text
    finally:
        server.start()
    assert client.get("/").status_code == 200
    assert client.get("/api/health").status_code == 200
