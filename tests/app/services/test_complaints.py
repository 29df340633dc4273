"""Complaints: the tab, the list, and decisions about credits."""

import psycopg
import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def complaints(make_app, with_complaints):
    app = make_app()
    with_complaints(app)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def decide(client, complaint_id, **values):
    client.get("/complaints")
    return client.post(
        f"/complaints/{complaint_id}/decision", data={"token": client.cookies["refund_manager"], **values}
    )


def test_without_the_database_there_is_no_tab(client):
    assert "/complaints" not in client.get("/").text
    assert client.get("/complaints").status_code == 404


def test_escalations_come_first(complaints):
    page = complaints.get("/complaints").text
    places = [page.index(f"/complaints/{name}") for name in ("c-3", "c-1", "c-4", "c-2")]
    assert places == sorted(places)
    assert "/complaints" in complaints.get("/").text


def test_a_customers_text_is_escaped(complaints):
    page = complaints.get("/complaints/c-1").text
    assert "&lt;script&gt;alert(&#34;c&#34;)&lt;/script&gt; The driver was rude." in page
    assert "&lt;b&gt;because" in page
    assert "We are sorry." in page


def test_a_credit_is_accepted_or_changed_once(complaints, conninfo):
    assert "$4.25" in decide(complaints, "c-2").text
    assert decide(complaints, "c-2").status_code == 200  # repeated
    assert decide(complaints, "c-2", credit="1").status_code == 409
    assert decide(complaints, "c-1", credit="28.26").status_code == 422  # one cent more than the order
    assert decide(complaints, "c-1", credit="28.25").status_code == 200
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT complaint_id, decision, credit::text, decided_by FROM app.complaint_decisions ORDER BY 1"
        ).fetchall()
    assert rows == [("c-1", "changed", "28.25", "ana"), ("c-2", "accepted", "4.25", "ana")]
    assert "c-2" not in complaints.get("/complaints").text


def test_an_order_shows_its_complaints(complaints):
    page = complaints.get("/orders/AAA111").text
    assert "/complaints/c-1" in page and "/complaints/c-3" not in page
