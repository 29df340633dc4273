"""Filters, sorting and pages of the queue, its facts from the lakehouse, and the export."""

import csv
import io
import re

import psycopg
import pytest
from fastapi.testclient import TestClient

from app_client import decide, ids
from refund_table import add
from waiting import eventually


@pytest.fixture
def client_with_facts(client):
    """A client of an app whose queue has the facts of the orders."""
    eventually(lambda: client.get("/api/orders/BBB222").json()["city"], "Bellevue", ignoring=KeyError)
    return client


def listed(client, **query):
    return ids(client.get("/api/recommendations", params=query))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"city": "Bellevue"}, ["BBB222"]),
        ({"city": "Nowhere"}, []),
        ({"brand": "Tea & Co"}, ["BBB222", "AAA111"]),
        ({"brand": "Lemongrass Lane"}, ["AAA111"]),
        ({"min_usd": "5", "max_usd": "7.10"}, ["DDD444", "AAA111"]),
        ({"source": "fallback"}, ["CCC333", "BBB222"]),
        ({"refund_class": "refund"}, ["DDD444", "BBB222", "AAA111"]),
        ({"refund_class": "all"}, ["DDD444", "CCC333", "BBB222", "AAA111"]),
        ({"text": "aaa111"}, ["AAA111"]),
        ({"text": "orders 99"}, ["BBB222"]),
        ({"text": "'; DROP TABLE x --"}, []),
        ({"city": "' OR true --"}, []),
        ({"sort": "oldest"}, ["AAA111", "BBB222", "CCC333", "DDD444"]),
        ({"sort": "amount"}, ["BBB222", "DDD444", "AAA111", "CCC333"]),
        ({"sort": "minutes", "refund_class": "full"}, ["BBB222"]),
        ({"city": "", "min_usd": ""}, ["DDD444", "CCC333", "BBB222", "AAA111"]),
    ],
)
def test_filters_and_sorting(client_with_facts, query, found):
    assert listed(client_with_facts, **query) == found


@pytest.mark.parametrize("sort", ["newest", "oldest", "amount", "minutes"])
def test_pages_of_every_sort_contain_each_row_once(client_with_facts, conninfo, sort):
    with psycopg.connect(conninfo) as connection:
        for number in range(7):  # equal times and amounts: the order ID breaks the tie
            add(connection, f"EEE{number}", 45, "agent", '{"refund_usd": 5, "refund_class": "partial", "reason": "x"}')
    eventually(lambda: len(listed(client_with_facts)), 11, ignoring=KeyError)
    whole, pages, cursor = listed(client_with_facts, sort=sort), [], None
    while cursor or not pages:
        place = {"cursor": cursor} if cursor else {}
        page = client_with_facts.get("/api/recommendations", params={"sort": sort, "limit": 2, **place})
        pages.append(ids(page))
        cursor = page.json()["next_cursor"]
    assert sum(pages, []) == whole
    assert len(whole) == len(set(whole)) == 11


def test_a_cursor_belongs_to_its_sort(client):
    cursor = client.get("/api/recommendations", params={"limit": 1, "sort": "amount"}).json()["next_cursor"]
    answer = client.get("/api/recommendations", params={"cursor": cursor, "sort": "newest"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("min_usd=x", "min_usd"),
        ("max_usd=-1", "max_usd"),
        ("source=boss", "source"),
        ("sort=best", "sort"),
        (f"text={'x' * 101}", "text"),
    ],
)
def test_bad_filters_name_the_field(client, query, field):
    answer = client.get(f"/api/recommendations?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_an_order_has_its_facts(client_with_facts):
    order = client_with_facts.get("/api/orders/BBB222").json()
    assert (order["brands"], order["items"], order["total_usd"]) == (["Tea & Co"], 1, "3.25")
    assert [order[f"{name}minutes"] for name in ("", "kitchen_", "waiting_", "road_")] == [45.5, 20.0, 4.0, 21.5]
    assert (order["p75_minutes"], order["p99_minutes"]) == (30.1, 44.0)


def test_changes_and_deletions_in_the_synced_table_reach_the_queue(client, conninfo):
    with psycopg.connect(conninfo) as connection:
        connection.execute("DELETE FROM recommender.refund_recommendations WHERE order_id = 'CCC333'")
        connection.execute("""
            UPDATE recommender.refund_recommendations SET ts = now() + interval '1 s',
                agent_response = '{"refund_usd": 6.5, "refund_class": "partial", "reason": "corrected"}'
            WHERE order_id = 'AAA111'""")
    eventually(
        lambda: [
            (row["order_id"], row["suggested_usd"])
            for row in client.get("/api/recommendations").json()["recommendations"]
        ],
        [("DDD444", "7.10"), ("BBB222", "30.25"), ("AAA111", "6.50")],
    )
    assert client.get("/api/summary").json()["suggested_usd"] == "43.85"


def test_a_restart_keeps_decisions_and_figures(make_app):
    def figures(client):
        return {key: value for key, value in client.get("/api/summary").json().items() if key != "by_class"}

    with TestClient(make_app(), base_url="http://localhost") as client:
        decide(client, "AAA111", "change", amount="2.50")
        before = figures(client)
    with TestClient(make_app(), base_url="http://localhost") as client:
        assert figures(client) == before
    assert (before["granted_usd"], before["decided"]) == ("2.50", 1)


def test_new_rows_are_counted_by_filter(client, conninfo):
    page = client.get("/", params={"refund_class": "full"}).text
    since = page.split('data-since="')[1].split('"')[0]
    with psycopg.connect(conninfo) as connection:
        add(connection, "EEE1", 30, "agent", '{"refund_usd": 9, "refund_class": "full", "reason": "x"}')
        add(connection, "EEE2", 31, "agent", '{"refund_usd": 0, "refund_class": "none", "reason": "x"}')
    eventually(lambda: client.get("/new", params={"since": since, "refund_class": "full"}).json(), {"new": 1})
    assert client.get("/new", params={"since": since, "refund_class": "all"}).json() == {"new": 2}
    assert client.get("/new", params={"since": since}).json() == {"new": 1}


def test_the_export_is_the_filtered_list(client_with_facts):
    decide(client_with_facts, "AAA111", "deny", reason="=HYPERLINK(0)")
    answer = client_with_facts.get("/api/export.csv", params={"refund_class": "partial"})
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["order_id"] for row in rows] == ["DDD444", "AAA111"]
    assert (rows[1]["granted_usd"], rows[1]["total_usd"], rows[1]["decided_by"]) == ("0.00", "28.25", "ana")
    assert rows[1]["reason"] == "'=HYPERLINK(0)"  # a spreadsheet does not run it as a formula
    assert client_with_facts.get("/api/export.csv?sort=x").status_code == 422


def test_ages_count_from_the_newest_order(client_with_facts):
    """The orders' clock may be any: the test's orders are all of March 2026."""
    queue = client_with_facts.get("/", params={"status": "all", "refund_class": "all"}).text
    assert re.findall(r'UTC">([^<]+)</span>', queue) == ["just now", "1 min ago", "2 min ago", "3 min ago"]
    overview = client_with_facts.get("/overview").text
    oldest = re.findall(r'/orders/(\w+)\?[^"]*">\w+</a></th>\s*<td class="quiet">([^<]+)</td>', overview)
    assert oldest == [("AAA111", "3 min"), ("BBB222", "2 min"), ("DDD444", "0 min")]


def test_overruled_decisions_by_city_and_by_brand(client_with_facts):
    decide(client_with_facts, "AAA111", "approve")
    decide(client_with_facts, "BBB222", "deny", reason="it was not late")
    page = client_with_facts.get("/overview", params={"city": "Bellevue"}).text
    overruled = dict(re.findall(r'aria-label="\d+ open refunds of ([^"]+)".*?>([^<>]+)</td></tr>', page, re.DOTALL))
    assert overruled["Bellevue"] == "100.0%"
    assert (overruled["Tea &amp; Co"], overruled["Lemongrass Lane"]) == ("50.0%", "0.0%")
    assert re.findall(r"<title>[^<]+: (\d of \d decisions, \S+%)</title>", page) == ["1 of 1 decisions, 100.0%"]
