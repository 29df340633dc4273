"""What a pipeline's source files may say: names in any spelling, SQL, `spark` without an import, expectations."""

import io
import re
from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import TableType
from databricks.sdk.service.pipelines import FileLibrary, NotebookLibrary, PathPattern, PipelineLibrary, UpdateInfoState
from databricks.sdk.service.workspace import ImportFormat
from pyspark.errors import AnalysisException

from waiting import eventually

pytestmark = pytest.mark.slow

BUSY_SECONDS = 500  # what an update may take on a very busy machine
FINAL = {UpdateInfoState.COMPLETED, UpdateInfoState.FAILED, UpdateInfoState.CANCELED}
HEAD = "from pyspark import pipelines as dp\n"


class Sources:
    """A pipeline over a folder of source files, named after the schema that it publishes to."""

    def __init__(self, w: WorkspaceClient, spark, name: str) -> None:
        self.w, self.spark, self.name, self.folder = w, spark, name, f"/Workspace/Shared/{name}"
        w.workspace.mkdirs(self.folder)
        library = PipelineLibrary(glob=PathPattern(include=f"{self.folder}/**"))
        self.id = w.pipelines.create(name=name, schema=name, libraries=[library]).pipeline_id

    def write(self, file: str, text: str) -> None:
        text = HEAD + text if file.endswith(".py") else text
        self.w.workspace.upload(f"{self.folder}/{file}", io.BytesIO(text.encode()), overwrite=True)

    def update(self) -> UpdateInfoState:
        self.update_id = self.w.pipelines.start_update(self.id).update_id
        return eventually(self.ended, seconds=BUSY_SECONDS)

    def ended(self) -> UpdateInfoState | None:
        state = self.w.pipelines.get_update(self.id, self.update_id).update.state
        return state if state in FINAL else None

    def error(self) -> str:
        event, *_ = self.w.pipelines.list_pipeline_events(self.id, filter="level = 'ERROR'")
        return event.message

    def count(self, table: str) -> int:
        return self.spark.table(f"{self.name}.{table}").count()

    def quality(self, dataset: str) -> dict[str, object]:
        """What the last update's events say of how the rows of a dataset met its expectations."""
        events = self.w.api_client.do("GET", f"/api/2.0/pipelines/{self.id}/events")["events"]
        [found] = [
            event["details"]["flow_progress"]["data_quality"]
            for event in events
            if event["origin"]["update_id"] == self.update_id
            and event["origin"].get("dataset_name") == dataset
            and "details" in event
        ]
        return found


@pytest.fixture(scope="module")
def w(workspace: dict[str, str], spark) -> WorkspaceClient:
    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


@pytest.fixture
def sources(w: WorkspaceClient, spark, request: pytest.FixtureRequest) -> Iterator[Sources]:
    sources = Sources(w, spark, re.sub(r"\W", "_", request.node.name.removeprefix("test_"))[:40])
    yield sources
    w.pipelines.delete(sources.id)


SPELLINGS = """
@dp.materialized_view
def b_two_parts(): return spark.table("{schema}.mv_a")
@dp.materialized_view
def b_three_parts(): return spark.table("spark_catalog.{schema}.mv_a")
@dp.materialized_view
def c_quoted(): return spark.table("`mv_a`")
@dp.materialized_view
def d_quoted_parts(): return spark.read.table("`{schema}`.`MV_A`")
@dp.materialized_view
def e_sql(): return spark.sql("SELECT * FROM mv_a")
@dp.materialized_view
def f_sql_parts(): return spark.sql("WITH t AS (SELECT * FROM {schema}.mv_a) SELECT * FROM t")
@dp.temporary_view
def g_view(): return spark.table("mv_a")
@dp.materialized_view
def h_over_a_view(): return spark.table("g_view")
@dp.materialized_view
def i_subquery(): return spark.sql("SELECT id FROM range(100) WHERE id < (SELECT count(*) FROM `mv_a`)")
@dp.materialized_view(name="`{schema}`.j_named", comment="Named with its schema", schema="id BIGINT")
def j(): return spark.table("e_sql")
"""
READERS = [
    "b_three_parts",
    "b_two_parts",
    "c_quoted",
    "d_quoted_parts",
    "e_sql",
    "f_sql_parts",
    "h_over_a_view",
    "i_subquery",
    "j_named",
]


def test_a_dataset_waits_for_what_it_reads_however_that_is_spelled(sources: Sources) -> None:
    sources.write("z.py", "@dp.materialized_view\ndef mv_a(): return spark.range(10)\n")
    sources.write("a.py", SPELLINGS.format(schema=sources.name))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert {name: sources.count(name) for name in READERS} == dict.fromkeys(READERS, 10)
    sources.write("z.py", "@dp.materialized_view\ndef mv_a(): return spark.range(20)\n")
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert {name: sources.count(name) for name in READERS} == dict.fromkeys(READERS, 20)
    [detail] = sources.spark.sql(f"DESCRIBE DETAIL {sources.name}.j_named").collect()
    assert detail.description == "Named with its schema"
    assert not sources.spark.catalog.tableExists(f"{sources.name}.g_view")


STREAMED_VIEW = r"\[STREAMING_FROM_MATERIALIZED_VIEW\] Cannot stream from Materialized View .*doubled"
DOUBLED = """
@dp.materialized_view
def doubled(): return spark.table("rate").selectExpr("id", "2 * factor AS factor")
"""
STATIC_SIDES = """
@dp.materialized_view
def doubled(): return spark.table("{schema}.rate").selectExpr("id", "2 * factor AS factor")
@dp.table
def joined(): return spark.readStream.table("landed.{schema}").join(spark.table("{catalog}.{schema}.doubled"), "id")
@dp.table
def joined_in_sql():
    return spark.sql("SELECT l.id, r.factor FROM STREAM landed.{schema} l JOIN {schema}.doubled r ON l.id = r.id")
"""
RATE = "@dp.materialized_view\ndef rate(): return spark.range(100).selectExpr('id', '{} AS factor')\n"


def test_a_streaming_table_joins_a_materialized_view_of_the_same_update(
    sources: Sources, w: WorkspaceClient, catalog: str
) -> None:
    spark, source = sources.spark, f"landed.{sources.name}"
    spark.sql("CREATE SCHEMA IF NOT EXISTS landed")
    spark.range(3).write.format("delta").mode("overwrite").saveAsTable(source)
    sources.write("streams.py", STATIC_SIDES.format(schema=sources.name, catalog=catalog))
    sources.write("rate.py", RATE.format(1))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    spark.range(10, 12).write.format("delta").mode("append").saveAsTable(source)
    sources.write("rate.py", RATE.format(5))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    expected = [(0, 2), (1, 2), (2, 2), (10, 10), (11, 10)]
    for name in ("joined", "joined_in_sql"):
        assert sorted(map(tuple, spark.table(f"{sources.name}.{name}").collect())) == expected
    types = {table.name: table.table_type for table in w.tables.list(catalog, sources.name)}
    assert (types["joined"], types["doubled"]) == (TableType.STREAMING_TABLE, TableType.MATERIALIZED_VIEW)
    assert not any("local_workspace" in key for key in w.tables.get(f"{catalog}.{sources.name}.doubled").properties)
    stream = spark.readStream.table(f"{catalog}.{sources.name}.doubled")
    with pytest.raises(AnalysisException, match=STREAMED_VIEW):
        _ = stream.schema
    for streamed in (f"spark.readStream.table('{sources.name}.doubled')", "spark.sql('SELECT * FROM STREAM doubled')"):
        sources.write("streams.py", f"{DOUBLED}@dp.table\ndef streamed(): return {streamed}\n")
        assert sources.update() == UpdateInfoState.FAILED
        assert re.search(STREAMED_VIEW, sources.error())


SQL = """
-- One dataset a statement, and LIVE stands for the schema of all; a semicolon in 'a;b' ends none.
CREATE OR REFRESH MATERIALIZED VIEW doubled COMMENT 'It''s twice' TBLPROPERTIES ('purpose' = 'a;b')
AS SELECT 2 * id AS id FROM numbers;
CREATE MATERIALIZED VIEW numbers (id BIGINT COMMENT 'counts', CONSTRAINT small EXPECT (id < 3) ON VIOLATION DROP ROW)
AS SELECT id FROM range(5);
CREATE STREAMING TABLE copied;
CREATE FLOW copying AS INSERT INTO copied BY NAME SELECT * FROM STREAM {schema}.streamed;
CREATE OR REFRESH STREAMING TABLE streamed (CONSTRAINT odd EXPECT (id % 2 = 1))
AS SELECT * FROM STREAM landed.{schema};
CREATE TEMPORARY VIEW both AS SELECT id FROM LIVE.doubled UNION ALL SELECT id FROM copied;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM live.both;
"""


def test_datasets_and_flows_are_written_in_sql_too(sources: Sources) -> None:
    spark, source = sources.spark, f"landed.{sources.name}"
    spark.sql("CREATE SCHEMA IF NOT EXISTS landed")
    spark.range(4).write.format("delta").mode("overwrite").saveAsTable(source)
    sources.write("all.sql", SQL.format(schema=sources.name))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert sorted(row.id for row in spark.table(f"{sources.name}.doubled").collect()) == [0, 2, 4]
    assert (sources.count("streamed"), sources.count("copied")) == (4, 4)
    assert spark.table(f"{sources.name}.counted").first().n == 7
    assert sources.quality("numbers")["dropped_records"] == 2
    [odd] = sources.quality("streamed")["expectations"]
    assert (odd["passed_records"], odd["failed_records"]) == (2, 2)
    [detail] = spark.sql(f"DESCRIBE DETAIL {sources.name}.doubled").collect()
    assert (detail.description, detail.properties["purpose"]) == ("It's twice", "a;b")


def test_sql_that_a_local_pipeline_has_no_way_for_is_refused_by_line(sources: Sources) -> None:
    sources.write("bad.sql", "CREATE MATERIALIZED VIEW a\nSCHEDULE EVERY 1 HOUR AS SELECT 1")
    assert sources.update() == UpdateInfoState.FAILED
    assert "bad.sql, line 2" in sources.error() and "'SCHEDULE'" in sources.error()


EXPECTATIONS = """
@dp.materialized_view
@dp.expect("even", "id % 2 = 0")
@dp.expect_or_drop("few", "id < 8")
def inside(): return spark.range(10)

@dp.expect_all({"even": "id % 2 = 0", "known": "id IS NOT NULL"})
@dp.expect_all_or_drop({"few": "id < 8", "not_three": "id <> 3"})
@dp.materialized_view
def outside(): return spark.range(10)

@dp.materialized_view
@dp.expect_or_drop("unknown", "CAST(NULL AS BOOLEAN)")
def nothing(): return spark.range(3)

@dp.table
@dp.expect("even", "id % 2 = 0")
@dp.expect_or_drop("few", "id < 8")
def streamed(): return spark.readStream.table("landed.{schema}")

dp.create_streaming_table("targeted", expect_all_or_drop={"few": "id < 8"}, expect_all={"even": "id % 2 = 0"})

@dp.append_flow(target="targeted")
def some(): return spark.readStream.table("landed.{schema}")
"""


def test_expectations_count_and_drop_rows(sources: Sources) -> None:
    sources.spark.sql("CREATE SCHEMA IF NOT EXISTS landed")
    sources.spark.range(10).write.format("delta").mode("overwrite").saveAsTable(f"landed.{sources.name}")
    sources.write("all.py", EXPECTATIONS.replace("{schema}", sources.name))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert [sources.count(name) for name in ("inside", "outside", "nothing", "streamed", "targeted")] == [8, 7, 0, 8, 8]

    def counts(dataset: str) -> dict[str, tuple[int, int]]:
        return {
            counted["name"]: (counted["passed_records"], counted["failed_records"])
            for counted in sources.quality(dataset)["expectations"]
            if counted["dataset"] == dataset
        }

    assert counts("inside") == {"even": (5, 5), "few": (8, 2)} and sources.quality("inside")["dropped_records"] == 2
    assert counts("outside") == {"even": (5, 5), "known": (10, 0), "few": (8, 2), "not_three": (9, 1)}
    assert sources.quality("outside")["dropped_records"] == 3
    assert counts("nothing") == {"unknown": (0, 3)}
    assert counts("streamed") == counts("targeted") == {"even": (5, 5), "few": (8, 2)}


FAILING = """
@{kind}
@dp.expect_or_fail("small", "id < {limit}")
def checked(): return spark.{read}.table("landed.{schema}")
"""


@pytest.mark.parametrize(("kind", "read"), [("dp.materialized_view", "read"), ("dp.table", "readStream")])
def test_an_expectation_fails_the_update_and_leaves_the_table_as_it_was(sources: Sources, kind: str, read: str) -> None:
    source = f"landed.{kind[3:]}"
    sources.spark.sql("CREATE SCHEMA IF NOT EXISTS landed")
    sources.spark.range(3).write.format("delta").mode("overwrite").saveAsTable(source)
    text = FAILING.format(kind=kind, read=read, limit=4, schema=kind[3:])
    sources.write("all.py", text)
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    sources.spark.range(3, 6).write.format("delta").mode("append").saveAsTable(source)
    assert sources.update() == UpdateInfoState.FAILED
    assert "'checked' failed to meet the expectation. Violated expectations: 'small'." in sources.error()
    assert sources.count("checked") == 3
    sources.write("all.py", text.replace("id < 4", "id < 40"))
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert sources.count("checked") == 6


NOTEBOOK = """# Databricks notebook source
# MAGIC %md
# MAGIC A pipeline's notebook

# COMMAND ----------

from pyspark import pipelines as dp
rows = 4

# COMMAND ----------

@dp.materialized_view
def in_python(): return spark.range(rows)

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE OR REFRESH MATERIALIZED VIEW in_sql AS SELECT * FROM in_python

# COMMAND ----------

# MAGIC %sql CREATE OR REFRESH MATERIALIZED VIEW in_one_line AS SELECT * FROM in_sql
"""


def test_a_pipelines_source_may_be_a_notebook(sources: Sources) -> None:
    sources.write("cells.sql", "")
    sources.w.workspace.upload(f"{sources.folder}/cells.py", io.BytesIO(NOTEBOOK.encode()), format=ImportFormat.AUTO)
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert [sources.count(name) for name in ("in_python", "in_sql", "in_one_line")] == [4, 4, 4]
    library = PipelineLibrary(notebook=NotebookLibrary(path=f"{sources.folder}/cells"))
    sources.w.pipelines.update(sources.id, name=sources.name, schema=sources.name, libraries=[library])
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()


def test_a_sql_file_may_begin_with_a_byte_order_mark_and_is_in_utf_8(sources: Sources) -> None:
    text = "CREATE OR REFRESH MATERIALIZED VIEW marked AS SELECT 'Zoë' AS cook"
    sources.write("all.sql", f"\ufeff{text}")
    assert sources.update() == UpdateInfoState.COMPLETED, sources.error()
    assert sources.count("marked") == 1
    content = io.BytesIO(text.encode("latin-1"))
    sources.w.workspace.upload(f"{sources.folder}/all.sql", content, format=ImportFormat.RAW, overwrite=True)
    assert sources.update() == UpdateInfoState.FAILED
    assert "all.sql is not text in UTF-8" in sources.error()


def test_datasets_that_read_each_other_fail_the_update(sources: Sources) -> None:
    circle = "@dp.materialized_view\ndef {0}(): return spark.table('{1}')\n"
    sources.write("all.py", circle.format("a", "b") + circle.format("b", "`a`"))
    assert sources.update() == UpdateInfoState.FAILED
    assert "in a circle" in sources.error()


def test_a_file_that_is_no_source_is_refused_by_name(sources: Sources) -> None:
    sources.w.workspace.upload(f"{sources.folder}/notes.txt", io.BytesIO(b"hello"), overwrite=True)
    library = PipelineLibrary(file=FileLibrary(path=f"{sources.folder}/notes.txt"))
    sources.w.pipelines.update(sources.id, name=sources.name, schema=sources.name, libraries=[library])
    assert sources.update() == UpdateInfoState.FAILED
    assert "notes.txt" in sources.error() and ".sql" in sources.error()
