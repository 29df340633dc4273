import pytest
from databricks.sdk import WorkspaceClient
from pyspark.errors import PySparkException

from local_workspace.engines.sql.failure import failure
from local_workspace.engines.sql.words import refusal
from waiting import eventually


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("GRANT SELECT ON TABLE t TO `a`", "w.grants.update"),
        ("SHOW GRANTS ON TABLE t", "w.grants.get"),
        ("ALTER TABLE t SET TAGS ('a' = 'b')", "TBLPROPERTIES"),
        ("CREATE TABLE failing (id INT NOT NULL PRIMARY KEY)", "leave the constraint out"),
        ("SELECT 1 AS a QUALIFY row_number() OVER (ORDER BY a) = 1", "filter"),
        ("SELECT * FROM read_files('/tmp')", "csv.`path`"),
        ("COPY INTO t FROM '/tmp'", "INSERT INTO"),
        ("CREATE OR REFRESH STREAMING TABLE t AS SELECT 1", "in a pipeline"),
        ("SELECT is_account_group_member('a')", "current_user()"),
        ("CREATE VOLUME default.v", "w.volumes.create"),
        ("CREATE CATALOG c", "w.catalogs.create"),
        ("SELECT ai_query('m', 'x')", "serving endpoint"),
        ("CREATE GLOBAL TEMP VIEW failing AS SELECT 1", "CREATE VIEW"),
        ("BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'mine'; END", "SELECT raise_error("),
        ("BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN RESIGNAL; END; SELECT 1 / 0; END", "SELECT raise_error("),
        ("COMMENT ON COLUMN t.a IS 'x'", "ALTER COLUMN … COMMENT"),
        ("SHOW USERS", "w.users.list"),
        ("PUT '/tmp/a' INTO '/Volumes/a/b/c/d'", "w.files.upload"),
        ("CALL default.p()", "leave the statement out"),
        ("CREATE EXTERNAL LOCATION l URL 's3://b'", "leave the statement out"),
        ("SHOW CONNECTIONS", "leave the statement out"),
        ("SET QUERY_TAGS['team'] = 'a'", "leave the statement out"),
        ("INSERT INTO t REPLACE USING (id) SELECT 1 AS id", "REPLACE WHERE"),
        ("INSERT WITH SCHEMA EVOLUTION INTO t SELECT 1 AS id", "MERGE WITH SCHEMA EVOLUTION"),
        ("CREATE TABLE failing (id INT MASK default.f)", "use a view"),
        ("ALTER TABLE t SET ROW FILTER default.f ON (id)", "use a view"),
        ("CREATE POLICY p ON SCHEMA default ROW FILTER f TO u FOR TABLES", "use a view"),
        ("ALTER SCHEMA default OWNER TO `a`", "owner=…"),
        ("CREATE VIEW default.failing WITH METRICS LANGUAGE YAML AS $$ version: 0.1 $$", "Metric views"),
        ("COMMIT", "each statement is one"),
        ("CREATE TABLE default.failing (id INT) USING iceberg", "USING delta"),
        ("CREATE TEMPORARY TABLE failing (id INT)", "CREATE TEMPORARY VIEW"),
        ("CREATE TABLE default.failing CLONE default.t", "leave the statement out"),
        ("SHOW TABLES DROPPED", "leave the statement out"),
        ("FSCK REPAIR TABLE t", "leave the statement out"),
        ("DESCRIBE VOLUME default.v", "w.volumes"),
        ("REFRESH MATERIALIZED VIEW default.v", "in a pipeline"),
    ],
)
def test_what_only_databricks_has_fails_with_a_way_out(workspace, spark, statement, hint):
    w = WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])
    warehouse = next(iter(w.warehouses.list()), None) or w.warehouses.create(name="failures")
    started = w.statement_execution.execute_statement(statement, warehouse.id, wait_timeout="0s")
    error = eventually(lambda: w.statement_execution.get_statement(started.statement_id).status.error)
    assert error.error_code.value == "BAD_REQUEST"
    assert hint in error.message and "only" in error.message, error.message


def test_a_mistake_in_a_statement_that_spark_knows_gets_no_advice():
    error = RuntimeError("[TABLE_OR_VIEW_NOT_FOUND] no t\n\nJVM stacktrace:\nat org.apache")
    assert failure(error, "kitchens") == {
        "error_code": "BAD_REQUEST",
        "message": "[TABLE_OR_VIEW_NOT_FOUND] no t",
    }


def test_a_message_has_neither_a_java_class_nor_a_plan():
    errors = {
        "(org.apache.DeltaException) [DELTA_X] row with values:\n - id : -1": "[DELTA_X] row with values:\n - id : -1",
        "(java.io.FileNotFoundException) file:/tmp/a doesn't exist": "file:/tmp/a doesn't exist",
        "[T_NOT_FOUND] no t; line 1 pos 14;\n'Project [*]\n+- 'Relation [t]\n": "[T_NOT_FOUND] no t; line 1 pos 14",
        "[X] not for Delta;\nProject [a]\n+- CatalogTable(\nName: t))\n\nUse b.": "[X] not for Delta\n\nUse b.",
        "[X] a;\nand b (c)": "[X] a;\nand b (c)",
    }
    assert [failure(RuntimeError(error), "")["message"] for error in errors] == list(errors.values())


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("SELECT id DIV IF(id = 3, 0, 1), 'x' FROM range(9)", "DIVIDE_BY_ZERO"),
        ("SELECT CAST(concat('a', id) AS INT), 'x' FROM range(9)", "CAST_INVALID_INPUT"),
        ("SELECT element_at(array(1), CAST(id AS INT) + 1), 'x' FROM range(9)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
        ("SELECT raise_error(concat('no ', id)), 'x' FROM range(9)", "USER_RAISED_EXCEPTION"),
        ("SELECT id - 5, 'x' FROM range(9)", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
        ("SELECT id, IF(id > 5, NULL, 'x') FROM range(9)", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
    ],
)
def test_a_failed_write_says_why(spark, query, condition):
    spark.sql("DROP TABLE IF EXISTS default.written")
    spark.sql("CREATE TABLE default.written (n BIGINT, s STRING NOT NULL)")
    spark.sql("ALTER TABLE default.written ADD CONSTRAINT positive CHECK (n >= 0)")
    for statement in (f"INSERT INTO default.written {query}", f"INSERT OVERWRITE default.written {query}"):
        with pytest.raises(PySparkException, match=rf"\[{condition}"):
            spark.sql(statement).collect()
    spark.sql("DROP TABLE default.written")


def test_an_error_of_ones_own_ends_a_script(spark):
    """As the way out for SIGNAL says."""
    with pytest.raises(PySparkException, match="USER_RAISED_EXCEPTION.*mine"):
        spark.sql("BEGIN SELECT raise_error('mine'); SELECT 1; END").collect()


def test_a_full_disk_is_named_where_spark_says_it_in_its_stack_trace_alone():
    error = RuntimeError("[TASK_WRITE_FAILED] t\n\nJVM stacktrace:\nCaused by: No space left on device\nat org")
    assert failure(error, "kitchens") == {
        "error_code": "RESOURCE_EXHAUSTED",
        "message": "[TASK_WRITE_FAILED] t\nNo space left on device. "
        "The disk of the workspace's home is full: make room, then repeat.",
    }


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("GRANT SELECT ON TABLE t TO `a`", "w.grants.update"),
        ("SELECT ai_query('m', 'x')", "serving endpoint"),
        ("SELECT * FROM (SELECT * FROM read_files('/tmp'))", "csv.`path`"),
        ("CREATE TABLE failing (id INT NOT NULL PRIMARY KEY)", "leave the constraint out"),
    ],
)
def test_in_a_notebook_too(spark, statement, hint):
    with pytest.raises(PySparkException) as error:
        spark.sql(statement).collect()
    assert hint in str(error.value) and "Databricks only" in str(error.value)


@pytest.mark.parametrize("statement", ["SELEC 1", "SELECT * FROM nowhere -- PRIMARY KEY"])
def test_there_is_no_advice_for_everything(spark, statement):
    with pytest.raises(PySparkException) as error:
        spark.sql(statement).collect()
    assert "Databricks only" not in str(error.value)


def test_no_other_statement_is_refused():
    assert refusal("CREATE VIEW v AS SELECT 1") == ""


def test_a_global_view_is_refused_after_comments_too():
    assert "CREATE VIEW" in refusal("/* a */ create or replace global temporary view v AS SELECT 1")
