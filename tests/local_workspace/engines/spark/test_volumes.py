"""Volumes in Spark, at the paths that Databricks gives them.

Source: https://docs.databricks.com/aws/en/volumes/paths
"""

import io

import pytest
from databricks.sdk.service.catalog import VolumeType
from pyspark.errors import PySparkException


@pytest.fixture(scope="module")
def volume(w, spark, catalog):
    """The path of a volume with one CSV file."""
    w.schemas.create("cellar", catalog)
    w.volumes.create(catalog, "cellar", "crates", VolumeType.MANAGED)
    path = f"/Volumes/{catalog}/cellar/crates"
    w.files.upload(f"{path}/a.csv", io.BytesIO(b"a,b\n1,2\n"))
    yield path
    w.schemas.delete(f"{catalog}.cellar", force=True)


def test_a_file_of_a_volume_is_read(volume, spark):
    assert spark.read.option("header", True).csv(f"{volume}/a.csv").collect() == [("1", "2")]
    assert spark.sql(f"SELECT _c0 FROM csv.`{volume}/a.csv` ORDER BY _c0").collect() == [("1",), ("a",)]
    assert spark.read.text(f"{volume}/*.csv").count() == 2
    [found] = spark.read.csv(volume).selectExpr("_metadata.file_path").distinct().collect()
    assert found.file_path.endswith(f"{volume}/a.csv")


def test_what_spark_writes_is_in_the_volume(volume, spark, w):
    spark.range(4).selectExpr("id", "id % 2 AS odd").write.partitionBy("odd").parquet(f"{volume}/numbers")
    assert spark.read.parquet(f"{volume}/numbers").where("odd = 1").count() == 2
    names = {entry.name for entry in w.files.list_directory_contents(f"{volume}/numbers")}
    assert {"odd=0", "odd=1", "_SUCCESS"} <= names
    spark.range(3).write.format("delta").save(f"{volume}/delta")
    spark.range(1).write.format("delta").mode("append").save(f"{volume}/delta")
    assert spark.read.format("delta").load(f"{volume}/delta").count() == 4


def test_a_stream_reads_a_volume_and_keeps_its_checkpoint_in_it(volume, spark, w):
    def run():
        stream = spark.readStream.schema("text STRING").text(f"{volume}/landing")
        query = stream.writeStream.format("delta").option("checkpointLocation", f"{volume}/checkpoint")
        query.trigger(availableNow=True).start(f"{volume}/landed").awaitTermination()
        return sorted(row.text for row in spark.read.format("delta").load(f"{volume}/landed").collect())

    w.files.upload(f"{volume}/landing/1.txt", io.BytesIO(b"one\n"))
    assert run() == ["one"]
    w.files.upload(f"{volume}/landing/2.txt", io.BytesIO(b"two\n"))
    assert run() == ["one", "two"]


@pytest.mark.parametrize("name", ["absent", "crates/../../simulator/x"])
def test_a_volume_that_is_not_there_is_neither_read_nor_made(volume, spark, w, name):
    path = f"{volume.rpartition('/')[0]}/{name}"
    with pytest.raises(PySparkException, match="PATH_NOT_FOUND|does not exist"):
        spark.read.text(path).collect()
    with pytest.raises(PySparkException):
        spark.range(1).write.parquet(f"{path}/new")
    catalog = volume.split("/")[2]
    assert [found.name for found in w.volumes.list(catalog, "cellar")] == ["crates"]
