"""Gold: the orders."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.materialized_view(comment="One row per order: revenue, quantities, brands")
def gold_order_header() -> DataFrame:
    """All orders, recomputed at each update."""
    return medallion.gold_order_header(spark.table("silver_order_items"))
