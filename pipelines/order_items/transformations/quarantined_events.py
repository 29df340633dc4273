"""Quarantine: the lines that are not usable events, and why."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.materialized_view(comment="Lines of the events volume that are no usable event")
def quarantined_events() -> DataFrame:
    """All bad lines, recomputed at each update."""
    return medallion.quarantined_events(spark.table("all_events"))
