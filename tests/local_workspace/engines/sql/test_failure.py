import pytest
from databricks.sdk import WorkspaceClient

from local_workspace.engines.sql.failure import failure, way_out
from local_workspace.engines.sql.words import refusal


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
    error = w.statement_execution.execute_statement(statement, warehouse.id, wait_timeout="50s").status.error
    assert error.error_code.value == "BAD_REQUEST"
    assert hint in error.message and "only" in error.message, error.message


def test_a_mistake_in_a_statement_that_spark_knows_gets_no_advice():
    error = RuntimeError("[TABLE_OR_VIEW_NOT_FOUND] no t\n\nJVM stacktrace:\nat org.apache")
    assert failure(error, "SELECT * FROM t -- PRIMARY KEY", "kitchens") == {
        "error_code": "BAD_REQUEST",
        "message": "[TABLE_OR_VIEW_NOT_FOUND] no t",
    }


def test_there_is_no_advice_for_everything():
    assert way_out("SELEC 1") == ""
    assert refusal("CREATE VIEW v AS SELECT 1") == ""


def test_a_global_view_is_refused_after_comments_too():
    assert "CREATE VIEW" in refusal("/* a */ create or replace global temporary view v AS SELECT 1")
