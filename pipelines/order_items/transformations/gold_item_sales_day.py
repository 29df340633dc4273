"""Gold: what each item sold on each day."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.materialized_view(comment="Units and revenue of an item on a day")
def gold_item_sales_day() -> DataFrame:
    """All items and days, recomputed at each update."""
    return medallion.gold_item_sales_day(spark.table("silver_order_items"))
