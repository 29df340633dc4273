"""Gold: what each location sold in each hour."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.materialized_view(comment="Orders and revenue of a location in an hour")
def gold_location_sales_hourly() -> DataFrame:
    """All locations and hours, recomputed at each update."""
    return medallion.gold_location_sales_hourly(spark.table("silver_order_items"))
