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
