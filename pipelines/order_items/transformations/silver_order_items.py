"""Silver: the items of the orders, with the names of their brands."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.table(comment="One row per item of an order", table_properties=medallion.STREAMED)
def silver_order_items() -> DataFrame:
    """The items of the orders that came in since the last update; the pipeline's configuration names the brands."""
    brands = spark.table(spark.conf.get("caspers.brands"))
    return medallion.silver_order_items(spark.readStream.table("all_events"), brands)
