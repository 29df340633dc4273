"""Gold: what each brand sold on each day."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.materialized_view(comment="Orders, items and revenue of a brand on a day")
def gold_brand_sales_day() -> DataFrame:
    """All brands and days, recomputed at each update."""
    return medallion.gold_brand_sales_day(spark.table("silver_order_items"))
