import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from databricks.sdk import WorkspaceClient
from pyspark.sql.connect.session import SparkSession

from caspers.agents.lookup import sql_lookup
from caspers.platform import sql
from caspers.refunds import facts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ask(kitchen, catalog):
    assert facts.create(kitchen, catalog)[0] == f"{catalog}.ai.order_delivery_times_per_location_view"

    def rows(name, value):
        return [row.asDict() for row in kitchen.sql(f"SELECT * FROM {catalog}.ai.{name}({value!r})").collect()]

    return rows


def quantile(values, share):
    """The exact quantile with linear interpolation, as SQL's `percentile` defines it."""
    place = share * (len(values) - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def test_details_are_the_items_with_their_prices(ask):
    rows = ask("get_order_details", "LATE01")
    soup = next(row for row in rows if row["item_name"] == "Miso soup")
    assert len(rows) == 2
    assert soup == {
        "order_id": "LATE01",
        "location_id": 1,
        "brand_name": "Noodle Lane",
        "item_name": "Miso soup",
        "qty": 2,
        "price_usd": 4.25,
        "line_usd": 8.5,
    }


def test_overview_adds_up(ask):
    (row,) = ask("get_order_overview", "LATE01")
    items = json.loads(row["items"])
    assert (row["location_id"], row["total_qty"]) == (1, 3)
    assert {item["brand_name"] for item in items} == {"Noodle Lane"}
    assert row["total_usd"] == pytest.approx(sum(item["qty"] * item["price_usd"] for item in items))
    assert row["total_usd"] == pytest.approx(sum(row["line_usd"] for row in ask("get_order_details", "LATE01")))


def test_delivery_time_and_its_stages(ask):
    (whole,), (stages,) = ask("get_order_delivery_time", "LATE01"), ask("get_order_timing", "LATE01")
    assert whole["delivery_minutes"] == 400.0
    assert whole["delivered_ts"] - whole["order_ts"] == timedelta(minutes=400)
    assert [stages[f"{stage}_minutes"] for stage in ("kitchen", "waiting", "road", "delivery")] == [200, 40, 160, 400]


def test_an_order_on_its_way_has_no_delivery_yet(ask):
    (row,) = ask("get_order_timing", "ONROAD")
    assert (row["delivered_ts"], row["road_minutes"], row["delivery_minutes"]) == (None, None, None)
    assert row["kitchen_minutes"] == 5.0


@pytest.mark.parametrize("name", [fact.name for fact in facts.FACTS if fact.argument.name == "oid"])
def test_an_unknown_order_has_no_row(ask, name):
    assert ask(name, "NOSUCH") == []


def test_quantiles_are_exact_and_leave_out_what_is_older_than_the_window(ask, kitchen):
    rows = kitchen.sql("""
        SELECT round((unix_millis(max(ts)) - unix_millis(min(ts))) / 60000, 1) AS minutes FROM lakeflow.all_events
        WHERE location_id = 1 AND order_id <> 'OLD001' GROUP BY order_id""").collect()
    expected = sorted(row.minutes for row in rows)
    (timings,) = ask("get_location_timings", 1)
    assert (timings["location_name"], timings["delivered_orders"]) == ("Harbour", len(expected))
    for share in (50, 75, 99):
        assert timings[f"p{share}_minutes"] == pytest.approx(quantile(expected, share / 100), abs=0.051)


def test_null_asks_for_the_timings_of_all_locations(ask, kitchen, catalog):
    rows = [row.asDict() for row in kitchen.sql(f"SELECT * FROM {catalog}.ai.get_location_timings(NULL)").collect()]
    assert {row["location_id"]: [row] for row in rows} == {n: ask("get_location_timings", n) for n in (1, 2)}


def test_the_newest_of_each_kind_are_clearly_of_it(ask, kitchen, catalog):
    rows = kitchen.sql(facts.newest_of_each_kind_sql(catalog)).collect()
    assert [row.kind for row in rows] == [1, 2, 3]
    for row in rows:
        (order,) = ask("get_order_delivery_time", row.order_id)
        (timings,) = ask("get_location_timings", order["location_id"])
        for moved in (-1.9, 1.9):
            passed = [order["delivery_minutes"] > timings[f"p{share}_minutes"] + moved for share in (75, 99)]
            assert 1 + sum(passed) == row.kind


@pytest.mark.parametrize("values", [["LATE01"], ["LATE01", "NOSUCH", "ONROAD", "EARLY1"], [2], [None], [1, 2, 9]])
def test_one_query_for_many_says_exactly_what_the_functions_say(ask, connected, catalog, values):
    wanted = [fact for fact in facts.FACTS if (fact.argument.sql_type == "STRING") == isinstance(values[0], str)]
    w = WorkspaceClient()
    warehouse = next(iter(w.warehouses.list()), None) or w.warehouses.create(name="facts").result()
    known = sql_lookup(catalog, warehouse.id)(wanted, values)
    assert set(known) == {(fact.name, value) for fact in wanted for value in values}
    for (name, value), rows in known.items():
        call = f"SELECT * FROM {catalog}.ai.{name}({'NULL' if value is None else repr(value)})"
        alone = sql.query(w, warehouse.id, call, {})
        assert sorted(map(str, rows)) == sorted(map(str, alone))
    assert any(known.values())


def properties(kitchen):
    rows = kitchen.sql(f"DESCRIBE TABLE EXTENDED ai.{facts.TIMING_VIEW}").collect()
    return next(row.data_type for row in rows if row.col_name == "Table Properties")


def test_a_view_that_says_the_same_is_left_alone_and_another_is_replaced(ask, kitchen, catalog):
    kitchen.sql(f"ALTER VIEW ai.{facts.TIMING_VIEW} SET TBLPROPERTIES ('mark' = 'first')")
    facts.create(kitchen, catalog, [])
    assert "mark=first" in properties(kitchen)
    kitchen.sql(f"ALTER VIEW ai.{facts.TIMING_VIEW} AS SELECT 1 AS location_id")
    facts.create(kitchen, catalog, [])
    assert ask("get_location_timings", 1)


def test_two_may_create_at_the_same_time_while_a_third_reads(ask, workspace, catalog):
    def session():
        return SparkSession.builder.remote(workspace["SPARK_REMOTE"]).create()

    def read(spark):
        return [spark.sql(f"SELECT count(*) AS n FROM ai.{facts.TIMING_VIEW}").collect()[0].n for _ in range(5)]

    sessions = [session() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        makers = [pool.submit(facts.create, spark, catalog) for spark in sessions[:2]]
        assert all(pool.submit(read, sessions[2]).result(60))
        assert len({tuple(maker.result(60)) for maker in makers}) == 1
    for spark in sessions:
        spark.stop()


def test_functions_say_what_they_answer(ask, kitchen):
    described = kitchen.sql("DESCRIBE FUNCTION EXTENDED ai.get_order_timing").collect()
    assert any(facts.ORDER_TIMING.comment in row[0] for row in described)


def test_likely_order_ids_come_first():
    assert facts.order_ids("PLEASE look at REFUND of 9A8B7C-L1, thank you") == ["9A8B7C-L1", "PLEASE", "REFUND"]
