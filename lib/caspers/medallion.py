"""The medallion of the order events: from the lines in the events volume to revenue by brand, item and hour.

Each dataset of `pipelines/order_items` is one function here, from DataFrames to a DataFrame, so that tests call it
without a pipeline. They keep to `select`, `filter`, `join` and `groupBy().agg()`: a method that resolves its input
while the graph is being built (`withColumn`, `distinct`, `dropDuplicates` …) hides the dependency from Spark
Declarative Pipelines.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql.streaming.readwriter import DataStreamReader

CORRUPT = "_corrupt_record"
EVENT_COLUMNS = ("event_id", "event_type", "ts", "location_id", "order_id", "sequence", "body")
REQUIRED = ("event_id", "event_type", "ts", "location_id", "order_id")
EVENT_SCHEMA = (
    "event_id STRING, event_type STRING, ts TIMESTAMP, location_id INT, order_id STRING, sequence INT, "
    f"body STRING, {CORRUPT} STRING"
)
STREAMED = {"delta.autoOptimize.autoCompact": "true"}
"""Table properties of the streaming tables: each update leaves a small file or two, which slow every query down."""
KEPT = {"pipelines.reset.allowed": "false"}
"""Table properties of bronze: a full refresh leaves it, for the files that its older rows came from are deleted."""
ORDER_BODY = (
    "items ARRAY<STRUCT<id: INT, category_id: INT, menu_id: INT, brand_id: INT, name: STRING, "
    "price: DECIMAL(10, 2), qty: INT>>"
)


def event_lines(reader: "DataStreamReader", path: str) -> DataFrame:
    """The event lines in the files that arrive in `path`: EVENT_SCHEMA's columns and `_metadata`.

    `reader` is `spark.readStream`. A line that does not fit the schema has its text in `_corrupt_record`. A file is
    deleted 30 days after it was read.
    """
    options = {"cloudFiles.format": "json", "mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT}
    cleaning = {"cloudFiles.cleanSource": "DELETE", "cloudFiles.cleanSource.retentionDuration": "30 days"}
    return reader.format("cloudFiles").schema(EVENT_SCHEMA).options(**options, **cleaning).load(path)


def all_events(lines: DataFrame) -> DataFrame:
    """Bronze: one row per line. Of a line that is not a usable event only the text is kept, in `_corrupt_record`; the
    event columns are NULL, so that no part of it counts as an event."""
    usable = F.col(CORRUPT).isNull() & ~_any_null(*REQUIRED) & (~_created() | _items().isNotNull())
    text = F.coalesce(CORRUPT, F.to_json(F.struct(*EVENT_COLUMNS)))
    return lines.select(
        *(F.when(usable, F.col(name)).alias(name) for name in EVENT_COLUMNS),
        F.when(~usable, text).alias(CORRUPT),
        F.col("_metadata.file_path").alias("source_file"),
    )


def silver_order_items(events: DataFrame, brands: DataFrame) -> DataFrame:
    """Silver: one row per item of an `order_created` event, with its brand's name from `brands` (brand_id, name), or
    NULL if it isn't there; money as DECIMAL, days and hours in the session's time zone."""
    lines = events.filter(_created()).select("order_id", "ts", "location_id", F.explode(_items()).alias("item"))
    names = F.broadcast(brands.select("brand_id", F.col("name").alias("brand_name")))
    return lines.join(names, F.col("item.brand_id") == F.col("brand_id"), "left").select(
        "order_id",
        "ts",
        F.to_date("ts").alias("order_day"),
        "location_id",
        F.col("item.id").alias("item_id"),
        "item.menu_id",
        "item.category_id",
        "item.brand_id",
        "brand_name",
        "item.name",
        "item.price",
        "item.qty",
        (F.col("item.price") * F.col("item.qty")).cast("DECIMAL(12, 2)").alias("extended_price"),
    )


def gold_order_header(items: DataFrame) -> DataFrame:
    """Gold: one row per order, with its revenue, quantities and the sorted ids of its brands."""
    return items.groupBy("order_id", "location_id", "order_day").agg(
        _money("order_revenue"),
        F.sum("qty").alias("total_qty"),
        F.count("item_id").alias("total_items"),
        F.array_sort(F.collect_set("brand_id")).alias("brands_in_order"),
    )


def gold_item_sales_day(items: DataFrame) -> DataFrame:
    """Gold: one row per item and day, with units sold and revenue."""
    return items.groupBy("item_id", "menu_id", "category_id", "brand_id", F.col("order_day").alias("day")).agg(
        F.sum("qty").alias("units_sold"), _money("gross_revenue")
    )


def gold_brand_sales_day(items: DataFrame) -> DataFrame:
    """Gold: one row per brand and day, with its orders (each counted once), items sold and revenue."""
    return items.groupBy("brand_id", F.col("order_day").alias("day")).agg(
        F.countDistinct("order_id").alias("orders"), F.sum("qty").alias("items_sold"), _money("brand_revenue")
    )


def gold_location_sales_hourly(items: DataFrame) -> DataFrame:
    """Gold: one row per location and hour, with its orders (each counted once) and revenue."""
    return items.groupBy("location_id", F.date_trunc("hour", "ts").alias("hour_ts")).agg(
        F.countDistinct("order_id").alias("orders"), _money("revenue")
    )


def quarantined_events(events: DataFrame) -> DataFrame:
    """The lines of bronze that are not usable events: `reason`, `line` (its text) and `source_file`."""
    reason = F.when(F.expr(f"try_parse_json({CORRUPT})").isNull(), "not JSON").otherwise("not an order event")
    bad = events.filter(F.col(CORRUPT).isNotNull())
    return bad.select(reason.alias("reason"), F.col(CORRUPT).alias("line"), "source_file")


def _created() -> Column:
    return F.col("event_type") == "order_created"


def _items() -> Column:
    return F.from_json("body", ORDER_BODY)["items"]


def _money(name: str) -> Column:
    return F.sum("extended_price").cast("DECIMAL(14, 2)").alias(name)


def _any_null(*names: str) -> Column:
    return reduce(or_, (F.col(name).isNull() for name in names))
