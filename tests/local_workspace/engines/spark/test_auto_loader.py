"""Auto Loader: `spark.readStream.format("cloudFiles")`.

Sources: https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/options and
https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/clean-source
"""

import os
from pathlib import Path

import pytest
from pyspark.errors import PySparkException

DAY_MS = 86_400_000


@pytest.fixture
def landing(tmp_path):
    """A directory in which files arrive."""
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def load(spark, landing, tmp_path):
    """Reads what has arrived since the last call, and returns all that has been read."""

    def load(schema: str | None = "id INT", form: str = "json", columns: str = "id", **options: str) -> list:
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", form)
        for name, value in options.items():
            reader = reader.option(name.replace("__", "."), value)
        rows = (reader.schema(schema) if schema else reader).load(str(landing)).selectExpr(columns.split("|"))
        stream = rows.writeStream.format("delta").option("checkpointLocation", str(tmp_path / "checkpoint"))
        stream.trigger(availableNow=True).start(str(tmp_path / "table")).awaitTermination()
        return sorted(tuple(row) for row in spark.read.format("delta").load(str(tmp_path / "table")).collect())

    return load


def test_a_file_is_read_once(load, landing):
    (landing / "1.json").write_text('{"id": 1}\n{"id": 2}')
    assert load() == [(1,), (2,)]
    (landing / "2.json").write_text('{"id": 3}')
    assert load() == [(1,), (2,), (3,)]
    (landing / "1.json").write_text('{"id": 4}')  # cloudFiles.allowOverwrites is false
    assert load() == [(1,), (2,), (3,)]


def test_a_checkpoint_of_the_json_source_goes_on(load, spark, landing, tmp_path):
    (landing / "1.json").write_text('{"id": 1}')
    stream = spark.readStream.schema("id INT").json(str(landing)).writeStream.format("delta")
    stream = stream.option("checkpointLocation", str(tmp_path / "checkpoint")).trigger(availableNow=True)
    stream.start(str(tmp_path / "table")).awaitTermination()
    (landing / "2.json").write_text('{"id": 2}')
    assert load() == [(1,), (2,)]


def test_files_in_directories_are_read_and_those_that_are_a_month_old(load, landing):
    (landing / "day=1" / "deeper").mkdir(parents=True)
    (landing / "day=1" / "deeper" / "old.json").write_text('{"id": 1}')
    os.utime(landing / "day=1" / "deeper" / "old.json", (1_700_000_000, 1_700_000_000))
    (landing / "new.json").write_text('{"id": 2}')
    assert load() == [(1,), (2,)]
    (landing / "older.json").write_text('{"id": 3}')
    os.utime(landing / "older.json", (1_600_000_000, 1_600_000_000))
    assert load() == [(1,), (2,), (3,)]


def test_a_row_knows_its_file(load, landing):
    (landing / "a.csv").write_text("id,name\n7,Soup\n")
    found = load("id INT, name STRING", "csv", "id|name|_metadata.file_name", header="true")
    assert found == [(7, "Soup", "a.csv")]


def test_text_and_binary_files_need_no_schema(load, landing):
    (landing / "a.txt").write_text("one\n")
    assert load(None, "text", "value") == [("one",)]


def test_binary_files_are_rows_of_their_contents(load, landing):
    (landing / "a.bin").write_bytes(b"\x00\xff")
    assert load(None, "binaryFile", "hex(content) AS content|length") == [("00FF", 2)]


def test_so_many_files_are_a_batch(load, landing, tmp_path):
    for number in range(5):
        (landing / f"{number}.json").write_text(f'{{"id": {number}}}')
    assert len(load(cloudFiles__maxFilesPerTrigger="2")) == 5
    assert {batch.name for batch in (tmp_path / "checkpoint" / "commits").glob("[0-9]*")} == {"0", "1", "2"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cloudFiles.schemaHints": "id INT"}, "has no cloudFiles.schemaHints: leave it out"),
        ({"cloudFiles.allowOverwrites": "true"}, "cloudFiles.allowOverwrites = true: leave it out, which means false"),
        ({"cloudFiles.schemaEvolutionMode": "addNewColumns"}, "cloudFiles.schemaEvolutionMode = addNewColumns"),
        ({"cloudFiles.format": "avro"}, "cloudFiles.format 'avro': use binaryfile, csv, json, orc, parquet, text, xml"),
        ({"cloudFiles.maxFilesPerTrigger": "2", "cloudFiles.maxBytesPerTrigger": "10"}, "give one of them"),
        ({"rescuedDataColumn": "_rescued_data"}, "rescuedDataColumn: keep lines that don't fit"),
        ({"cloudFiles.maxFiles": "2"}, "CF_UNKNOWN_OPTION_KEYS_ERROR.*cloudFiles.maxFiles"),
        ({"cloudFiles.cleanSource": "ARCHIVE"}, "'ARCHIVE' is none of OFF, MOVE, DELETE"),
        ({"cloudFiles.cleanSource": "MOVE"}, "needs cloudFiles.cleanSource.moveDestination"),
        ({"cloudFiles.cleanSource": "MOVE", "cloudFiles.cleanSource.moveDestination": "{}/x"}, "outside it"),
        (
            {"cloudFiles.cleanSource": "DELETE", "cloudFiles.cleanSource.retentionDuration": "7 days"},
            "must be longer than 7 days",
        ),
        (
            {"cloudFiles.cleanSource": "DELETE", "cloudFiles.cleanSource.retentionDuration": "soon"},
            "'soon' is no interval",
        ),
    ],
)
def test_what_is_not_done_is_refused(spark, landing, options, message):
    given = {"cloudFiles.format": "json"} | {name: value.format(landing) for name, value in options.items()}
    with pytest.raises(PySparkException, match=message):
        _ = spark.readStream.format("cloudFiles").options(**given).schema("id INT").load(str(landing)).schema


def test_how_it_is_used_wrongly(spark, landing):
    batch = spark.read.format("cloudFiles").option("cloudFiles.format", "json").schema("id INT")
    with pytest.raises(PySparkException, match=r"CF_INCORRECT_BATCH_USAGE.*use spark.readStream"):
        batch.load(str(landing)).collect()
    with pytest.raises(PySparkException, match=r"CF_INCORRECT_STREAM_USAGE.*cloudFiles.format"):
        _ = spark.readStream.format("cloudFiles").schema("id INT").load(str(landing)).schema
    with pytest.raises(PySparkException, match=r"infers no schema.*\.schema\("):
        _ = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load(str(landing)).schema


def test_unknown_options_are_ignored_where_that_is_asked_for(load, landing):
    (landing / "1.json").write_text('{"id": 1}')
    assert load(cloudFiles__maxFiles="2", cloudFiles__validateOptions="false") == [(1,)]


def test_files_are_moved_after_their_batch(load, landing, tmp_path):
    archive = tmp_path / "archive"
    moved = {
        "cloudFiles__cleanSource": "MOVE",
        "cloudFiles__cleanSource__retentionDuration": "0 seconds",
        "cloudFiles__cleanSource__moveDestination": str(archive),
    }
    (landing / "a").mkdir()
    (landing / "a" / "1.json").write_text('{"id": 1}')
    (landing / "2.json").write_text('{"id": 2}')
    assert load(**moved) == [(1,), (2,)]
    (landing / "3.json").write_text('{"id": 3}')
    assert load(**moved) == [(1,), (2,), (3,)]
    assert names(archive) == ["2.json", "a/1.json"]
    assert names(landing) == ["3.json"]


def test_files_are_deleted_once_they_were_processed_so_long_ago(load, landing, tmp_path):
    deleted = {"cloudFiles__cleanSource": "DELETE"}
    times = tmp_path / "checkpoint" / "sources" / "0" / "processed_times"
    for number in range(4):
        (landing / f"{number}.json").write_text(f'{{"id": {number}}}')
        load(**deleted)
    assert names(landing) == ["0.json", "1.json", "2.json", "3.json"]  # nothing is a month old
    newest = max(int(line.split()[1]) for line in times.read_text().splitlines()[1:])
    times.write_text(f"-1\n1 {newest - 31 * DAY_MS}\n2 {newest - 29 * DAY_MS}")
    rewritten = landing / "1.json"
    rewritten.write_text('{"id": 1, "by": "hand"}')
    os.utime(rewritten, (1_700_000_000, 1_700_000_000))
    (landing / "4.json").write_text('{"id": 4}')
    assert load(**deleted) == [(0,), (1,), (2,), (3,), (4,)]
    assert names(landing) == ["1.json", "2.json", "3.json", "4.json"]  # what was written again may be unread


def names(folder: Path) -> list[str]:
    """The files in a folder and those below it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))
