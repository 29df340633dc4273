"""Bronze: every line of the events volume, also those that can't be read."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from caspers import medallion

spark = SparkSession.active()


@dp.table(
    comment="Every event of every order, as the kitchens wrote it",
    table_properties=medallion.STREAMED | medallion.KEPT,
)
@dp.expect("usable event", f"{medallion.CORRUPT} IS NULL")
def all_events() -> DataFrame:
    """The lines of the directory that the pipeline's configuration names."""
    lines = medallion.event_lines(spark.readStream, spark.conf.get("caspers.events_path"))
    return medallion.all_events(lines)
