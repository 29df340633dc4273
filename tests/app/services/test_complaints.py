"""Complaints: the tab, the list with its filters, and decisions about credits."""

import re

import psycopg
import pytest
from fastapi.testclient import TestClient

from complaint_table import add_complaint
from waiting import eventually


@pytest.fixture
def complaints(make_app, with_complaints):
    app = make_app()
    with_complaints(app)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def complete(complaints):
    """The same client, once the complaints have their texts, cities and brands."""
    eventually(lambda: listed(complaints, city="Bellevue", text="lawyer"), ["c-3"])
    return complaints


def listed(client, **query):
    """The IDs of the complaints on a page, in order."""
    return re.findall(r'<tr data-id="([^"]+)"', client.get("/complaints", params=query).text)


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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["c-3", "c-1", "c-4", "c-2"]),
        ({"suggested": "escalation"}, ["c-3", "c-1"]),
        ({"suggested": "credit"}, ["c-4", "c-2"]),
        ({"category": "food_quality"}, ["c-4", "c-2"]),
        ({"city": "Bellevue"}, ["c-3", "c-4"]),
        ({"brand": "Lemongrass Lane"}, ["c-1", "c-2"]),
        ({"min_usd": "4.25", "max_usd": "5"}, ["c-2"]),
        ({"source": "fallback"}, ["c-1"]),
        ({"text": "bbb222"}, ["c-3", "c-4"]),
        ({"text": "cold tea"}, ["c-2"]),
        ({"text": "because"}, ["c-3", "c-1", "c-4", "c-2"]),
        ({"city": "' OR true --"}, []),
        ({"sort": "newest"}, ["c-4", "c-3", "c-2", "c-1"]),
        ({"sort": "oldest", "city": "", "source": ""}, ["c-1", "c-2", "c-3", "c-4"]),
        ({"sort": "amount"}, ["c-4", "c-2", "c-3", "c-1"]),
    ],
)
def test_filters_and_sorting(complete, query, found):
    assert listed(complete, **query) == found


def test_an_empty_list_says_so(complaints, conninfo):
    decided = complaints.get("/complaints", params={"status": "decided"}).text
    assert "No decided complaints match these filters." in decided and "Clear all filters" in decided
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO app.complaint_decisions SELECT complaint_id, 'accepted', 0, 'ana' FROM app.complaints"
        )
    assert "There are no complaints to decide." in complaints.get("/complaints").text


def test_an_invalid_credit_is_reported_and_kept_in_the_form(complaints):
    answer = decide(complaints, "c-2", credit="4,x")
    assert answer.status_code == 422
    assert "<strong>credit</strong>: enter dollars and cents, such as 4.50" in answer.text
    assert 'value="4,x"' in answer.text


@pytest.mark.parametrize("query", ["suggested=x", "sort=minutes", "status=new", "min_usd=x", "text=%00"])
def test_bad_filters_are_refused(complaints, query):
    answer = complaints.get(f"/complaints?{query}")
    assert answer.status_code == 422 and query.partition("=")[0] in answer.text


def test_the_list_shows_words_city_brands_and_who_suggested(complete):
    page = complete.get("/complaints").text
    row = page.split('<tr data-id="c-3"')[1].split("</tr>")[0]
    for text in ("You charged my card twice", "Bellevue", "Tea &amp; Co", "billing", "high priority", "by the agent"):
        assert text in row
    assert "by the written policy" in page.split('<tr data-id="c-1"')[1].split("</tr>")[0]
    assert '<option value="food_quality" >food quality</option>' in page
    assert "&lt;script&gt;" in page and "Nobody has answered" not in page


@pytest.mark.parametrize("sort", ["urgent", "newest", "oldest", "amount"])
def test_pages_of_every_sort_contain_each_complaint_once(complaints, conninfo, monkeypatch, sort):
    with psycopg.connect(conninfo) as connection:
        for number in range(5):  # equal times and credits: the complaint's ID breaks the tie
            answer = '{"decision": "suggest_credit", "credit_amount": 6.5, "priority": "low"}'
            add_complaint(connection, f"d-{number}", "AAA111", 4, answer)
    eventually(lambda: len(listed(complaints)), 9)
    whole, pages, link = listed(complaints, sort=sort), [], f"/complaints?sort={sort}"
    monkeypatch.setattr("refund_manager.web.pages.complaints.PAGE_SIZE", 2)
    while link:
        page = complaints.get(link).text
        pages += re.findall(r'<tr data-id="([^"]+)"', page)
        following = re.search(r'<a rel="next" href="([^"]+)"', page)
        link = following and following[1].replace("&amp;", "&")
    assert pages == whole
    assert len(whole) == len(set(whole)) == 9


def test_a_cursor_belongs_to_its_sort(complaints, monkeypatch):
    monkeypatch.setattr("refund_manager.web.pages.complaints.PAGE_SIZE", 1)
    cursor = re.search(r"cursor=([^\"&]+)", complaints.get("/complaints").text)[1]
    assert complaints.get(f"/complaints?sort=urgent&cursor={cursor}").status_code == 200
    refused = complaints.get(f"/complaints?sort=amount&cursor={cursor}")
    assert refused.status_code == 422 and "not a cursor of this list" in refused.text


def test_a_complaint_leads_to_the_next_of_the_list_and_back(complete):
    page = complete.get("/complaints/c-3", params={"city": "Bellevue"}).text
    assert re.search(r'<a id="next" rel="next" href="/complaints/c-4\?[^"]*city=Bellevue', page)
    assert re.search(r'<a href="/complaints\?[^"]*city=Bellevue[^"]*">← All complaints', page)
    assert 'id="next"' not in complete.get("/complaints/c-4", params={"city": "Bellevue"}).text
    complete.get("/complaints")
    decided = complete.post(
        "/complaints/c-4/decision?city=Bellevue", data={"token": complete.cookies["refund_manager"]}
    )
    assert decided.url.params["city"] == "Bellevue"


def test_a_text_that_is_not_copied_yet_is_read_from_the_lakehouse(make_app, with_complaints, conninfo):
    app = make_app()
    with_complaints(app)
    with TestClient(app, base_url="http://localhost") as client:
        with psycopg.connect(conninfo) as connection:
            eventually(
                lambda: (
                    connection.execute(
                        "UPDATE app.complaints SET text = NULL WHERE complaint_id = 'c-2' AND text_at IS NOT NULL"
                    ).rowcount
                ),
                1,
            )
        assert "My tea was cold" not in client.get("/complaints").text
        assert "My tea was cold" in client.get("/complaints/c-2").text
