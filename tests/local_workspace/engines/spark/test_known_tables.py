"""What the Spark server keeps of tables and their files is never older than the last change, whoever made it."""

import shutil
from pathlib import Path

import deltalake
import pyarrow
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql.connect.session import SparkSession

SCHEMA = "kept"
NAME = f"{SCHEMA}.boxes"


@pytest.fixture
def change(spark, catalog):
    """Runs a statement in a session of its own, in an empty schema."""
    spark.sql(f"CREATE SCHEMA {SCHEMA}")
    yield spark.sql
    spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@pytest.fixture
def read(workspace, change):
    """The rows of a query, in another session than that of `change`."""
    session = SparkSession.builder.remote(workspace["SPARK_REMOTE"]).create()
    yield lambda query=f"TABLE {NAME}": sorted(tuple(row) for row in session.sql(query).collect())
    session.stop()


def location(change) -> str:
    """Where the table's files are."""
    return change(f"DESCRIBE DETAIL {NAME}").first().location.removeprefix("file:")


@pytest.mark.parametrize("spelling", [NAME, NAME.upper()])
def test_a_table_is_what_the_last_statement_made_of_it(change, read, spelling):
    for statement, found in {
        f"CREATE TABLE {NAME} AS SELECT 1 AS a": [(1,)],
        f"INSERT INTO {NAME} VALUES (2)": [(1,), (2,)],
        f"ALTER TABLE {NAME} ADD COLUMN b INT": [(1, None), (2, None)],
        f"UPDATE {NAME} SET b = a": [(1, 1), (2, 2)],
        f"CREATE OR REPLACE TABLE {NAME} AS SELECT 'x' AS c": [("x",)],
        f"RESTORE TABLE {NAME} TO VERSION AS OF 0": [(1,)],
    }.items():
        change(statement)
        assert read(f"TABLE {spelling}") == found, statement
    change(f"COMMENT ON TABLE {NAME} IS 'of wood'")
    assert ("Comment", "of wood", "") in read(f"DESCRIBE TABLE EXTENDED {spelling}")


def test_a_name_is_what_it_was_last_given_to(change, read):
    change(f"CREATE TABLE {NAME} AS SELECT 1 AS a")
    assert read() == [(1,)]
    change(f"ALTER TABLE {NAME} RENAME TO {SCHEMA}.crates")
    assert read(f"TABLE {SCHEMA}.crates") == [(1,)]
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        read()
    for number in (2, 3):
        change(f"CREATE OR REPLACE VIEW {NAME} AS SELECT a, {number} AS b FROM {SCHEMA}.crates")
        assert read() == [(1, number)]
    change(f"DROP VIEW {NAME}")
    change(f"CREATE TABLE {NAME} (a STRING) USING parquet")
    assert read() == []
    change(f"DROP SCHEMA {SCHEMA} CASCADE")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        read()
    change(f"CREATE SCHEMA {SCHEMA}")
    change(f"CREATE TABLE {NAME} AS SELECT 'new' AS a")
    assert read() == [("new",)]


def test_the_files_are_those_of_the_version_that_is_read(change, read):
    change(f"CREATE TABLE {NAME} AS SELECT id FROM range(3)")
    assert read() == [(0,), (1,), (2,)]
    deltalake.write_deltalake(location(change), pyarrow.table({"id": [3]}), mode="append")  # no statement of Spark's
    assert read() == [(0,), (1,), (2,), (3,)]
    change(f"DELETE FROM {NAME} WHERE id < 2")
    assert read() == [(2,), (3,)]
    assert read(f"SELECT * FROM {NAME} VERSION AS OF 1") == [(0,), (1,), (2,), (3,)]
    assert read(f"SELECT n.id FROM {NAME} AS n JOIN {NAME} VERSION AS OF 0 AS old USING (id)") == [(2,)]
    change(f"ALTER TABLE {NAME} SET TBLPROPERTIES (delta.enableDeletionVectors = true)")
    change(f"DELETE FROM {NAME} WHERE id = 3")
    assert read() == [(2,)]


def test_every_statement_leaves_the_files_that_another_reader_of_the_log_finds(change, read, tmp_path):
    few = [
        f"CREATE TABLE {NAME} AS SELECT id, id AS size FROM range(4)",
        f"INSERT INTO {NAME} VALUES (4, 4), (5, 5)",
        f"UPDATE {NAME} SET size = 7 WHERE id = 1",
        f"DELETE FROM {NAME} WHERE id = 0",
        f"DELETE FROM {NAME} WHERE size = 7",
        f"MERGE INTO {NAME} AS t USING (SELECT explode(array(2, 9)) AS id) AS s ON t.id = s.id "
        "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, size) VALUES (s.id, 0)",
        f"ALTER TABLE {NAME} ADD COLUMN label STRING",
        f"INSERT INTO {NAME} VALUES (10, 10, 'ten')",
        f"RESTORE TABLE {NAME} TO VERSION AS OF 1",
        f"OPTIMIZE {NAME}",
        f"INSERT OVERWRITE {NAME} SELECT id, id FROM range(2)",
        f"CREATE OR REPLACE TABLE {NAME} AS SELECT id, id AS size FROM range(3)",
    ]
    # Those of more than fifty are not written into a version's checksum.
    many = [f"INSERT INTO {NAME} SELECT /*+ REPARTITION(60) */ id, id FROM range(600)", f"OPTIMIZE {NAME}"]
    for number, statement in enumerate([*few, *many]):
        change(statement)
        place = location(change)
        copy = shutil.copytree(place, tmp_path / str(number))  # which Delta Lake has not read yet
        expected = sorted((Path(file).name,) for file in deltalake.DeltaTable(place).file_uris())
        for table in (NAME, f"delta.`{copy}`"):
            assert read(f"SELECT DISTINCT _metadata.file_name FROM {table}") == expected, statement
    deltalake.write_deltalake(place, pyarrow.table({"id": [99], "size": [99]}), mode="append")
    change(f"INSERT INTO {NAME} VALUES (100, 100)")  # after a commit without a checksum
    assert read(f"SELECT id FROM {NAME} WHERE id > 98") == sorted([(n,) for n in range(99, 600)] + [(99,), (100,)])


def test_a_query_reads_the_partitions_it_asks_for(change, read):
    change(f"CREATE TABLE {NAME} PARTITIONED BY (day) AS SELECT id, id % 2 AS day FROM range(4)")
    assert read(f"SELECT id FROM {NAME} WHERE day = 1") == [(1,), (3,)]
    change(f"CREATE OR REPLACE TABLE {NAME} AS SELECT id, 1L AS day FROM range(2)")
    assert read(f"SELECT id FROM {NAME} WHERE day = 1") == [(0,), (1,)]
    change(f"CREATE OR REPLACE TABLE {NAME} PARTITIONED BY (id) AS SELECT id, 1L AS day FROM range(3)")
    assert read(f"SELECT day FROM {NAME} WHERE id = 2") == [(1,)]


@pytest.mark.parametrize("partitions", ["", "PARTITIONED BY (day)"])
def test_a_stream_reads_each_row_once(change, spark, read, tmp_path, partitions):
    change(f"CREATE TABLE {NAME} {partitions} AS SELECT id, id % 2 AS day FROM range(4)")
    for more in ([], [(4, 1)], [(5, 0)]):
        for row in more:
            change(f"INSERT INTO {NAME} VALUES {row}")
        odd = spark.readStream.table(NAME).filter("day = 1").select("id")
        writer = odd.writeStream.trigger(availableNow=True).option("checkpointLocation", str(tmp_path / "checkpoint"))
        writer.toTable(f"{SCHEMA}.odd").awaitTermination()
    assert read(f"TABLE {SCHEMA}.odd") == [(1,), (3,), (4,)]


@pytest.mark.parametrize("partitions", ["", "PARTITIONED BY (day)"])
def test_a_merge_finds_what_another_has_written(change, read, partitions):
    change(f"CREATE TABLE {NAME} {partitions} AS SELECT id, id % 2 AS day FROM range(2)")
    for count in (3, 4):
        change(f"MERGE INTO {NAME} AS t USING (SELECT id, 1L AS day FROM range({count})) AS s ON t.id = s.id "
               "WHEN MATCHED THEN UPDATE SET day = t.day + 10 WHEN NOT MATCHED THEN INSERT *")  # fmt: skip
    assert read() == [(0, 20), (1, 21), (2, 11), (3, 1)]


def test_explain_names_the_prepared_files_as_databricks_does(change, read):
    change(f"CREATE TABLE {NAME} AS SELECT 1 AS a")
    ((plan,),) = read(f"EXPLAIN FORMATTED SELECT * FROM {NAME}")
    assert "Location: PreparedDeltaFileIndex [file:" in plan
