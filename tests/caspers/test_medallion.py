"""The medallion's queries on a handful of events, by the Spark server."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from caspers import medallion

ITEMS = [
    {"id": 1, "category_id": 11, "menu_id": 21, "brand_id": 7, "name": "Soup", "price": 10.1, "qty": 3},
    {"id": 2, "category_id": 12, "menu_id": 22, "brand_id": 3, "name": "Bread", "price": 0.2, "qty": 1},
]


def event(
    number: int, order: str, kind: str = "order_created", ts: str = "2024-01-06 12:30:00.250", **body: object
) -> str:
    return json.dumps(
        {
            "event_id": f"e{number}",
            "event_type": kind,
            "ts": ts,
            "location_id": 1,
            "order_id": order,
            "sequence": number,
            "body": json.dumps(body),
        }
    )


@pytest.fixture
def bronze(spark, tmp_path: Path):
    """Turns lines of text into the bronze table."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    def read(*lines: str):
        (tmp_path / "events.json").write_text("".join(line + "\n" for line in lines))
        rows = medallion.all_events(medallion.event_lines(spark.readStream, str(tmp_path)))
        stream = rows.writeStream.format("memory").queryName("bronze").trigger(availableNow=True).start()
        stream.awaitTermination()
        return spark.table("bronze")

    yield read
    spark.catalog.dropTempView("bronze")


@pytest.fixture
def silver(bronze, spark):
    """Two orders at the same location and hour, the second of one item; the brand of the other item has no name."""
    events = bronze(
        event(1, "AAAAAA", items=ITEMS),
        event(2, "AAAAAA", "gk_started"),
        event(3, "BBBBBB", ts="2024-01-06 12:59:59.999", items=ITEMS[:1]),
    )
    brands = spark.createDataFrame([(7, "Soup House"), (8, "Nobody's")], "brand_id INT, name STRING")
    return medallion.silver_order_items(events, brands)


def test_an_event_is_a_row_with_its_types(bronze) -> None:
    [row] = bronze(event(1, "AAAAAA", items=ITEMS)).collect()
    assert (row.event_id, row.order_id, row.location_id, row.sequence) == ("e1", "AAAAAA", 1, 1)
    assert row.ts.isoformat(timespec="milliseconds").startswith("2024-01-06T12:30:00.250")
    assert row._corrupt_record is None
    assert row.source_file.endswith("/events.json")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("this is no JSON", "not JSON"),
        ('{"event_id": "e1", "event_type": "deliv', "not JSON"),
        ("{}", "not an order event"),
        (event(1, "AAAAAA", "delivered", ts="yesterday"), "not an order event"),
        (event(1, "AAAAAA", "delivered").replace('"location_id": 1', '"location_id": "one"'), "not an order event"),
        (event(1, "AAAAAA").replace('"body": "{}"', '"body": "oops"'), "not an order event"),
    ],
)
def test_a_line_that_is_no_event_is_kept_and_explained(bronze, line: str, reason: str) -> None:
    frame = bronze(event(9, "CCCCCC", "delivered"), line)
    rows = {row.event_id: row for row in frame.collect()}
    assert set(rows) == {"e9", None}
    assert rows[None].order_id is None and rows[None].event_type is None
    [quarantined] = medallion.quarantined_events(frame).collect()
    assert quarantined.reason == reason
    assert quarantined.line == line or json.loads(quarantined.line).keys() <= json.loads(line).keys()


def test_silver_has_a_row_an_item_with_exact_money(silver) -> None:
    rows = sorted(silver.collect(), key=lambda row: (row.order_id, row.item_id))
    assert [(row.order_id, row.item_id, row.extended_price) for row in rows] == [
        ("AAAAAA", 1, Decimal("30.30")),
        ("AAAAAA", 2, Decimal("0.20")),
        ("BBBBBB", 1, Decimal("30.30")),
    ]
    assert rows[0].order_day == dt.date(2024, 1, 6)
    assert (rows[0].menu_id, rows[0].category_id, rows[0].brand_id, rows[0].name) == (21, 11, 7, "Soup")
    assert [row.brand_name for row in rows] == ["Soup House", None, "Soup House"]


def test_order_header_adds_up_an_order(silver) -> None:
    rows = {row.order_id: row.asDict() for row in medallion.gold_order_header(silver).collect()}
    assert rows["AAAAAA"] == {
        "order_id": "AAAAAA",
        "location_id": 1,
        "order_day": dt.date(2024, 1, 6),
        "order_revenue": Decimal("30.50"),
        "total_qty": 4,
        "total_items": 2,
        "brands_in_order": [3, 7],
    }
    assert rows["BBBBBB"]["order_revenue"] == Decimal("30.30")


def test_sales_of_items_brands_and_hours(silver) -> None:
    items = {row.item_id: row.asDict() for row in medallion.gold_item_sales_day(silver).collect()}
    assert items[1] == {
        "item_id": 1,
        "menu_id": 21,
        "category_id": 11,
        "brand_id": 7,
        "day": dt.date(2024, 1, 6),
        "units_sold": 6,
        "gross_revenue": Decimal("60.60"),
    }
    brands = {row.brand_id: row.asDict() for row in medallion.gold_brand_sales_day(silver).collect()}
    assert brands[7] == {
        "brand_id": 7,
        "day": dt.date(2024, 1, 6),
        "orders": 2,
        "items_sold": 6,
        "brand_revenue": Decimal("60.60"),
    }
    [hour] = medallion.gold_location_sales_hourly(silver).collect()
    assert (hour.location_id, hour.orders, hour.revenue) == (1, 2, Decimal("60.80"))
    assert (hour.hour_ts.hour, hour.hour_ts.minute) == (12, 0)
