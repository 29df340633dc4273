"""A pipeline's SQL files, taken apart."""

import pytest

from local_workspace.workers.pipeline_errors import UnsupportedSQL
from local_workspace.workers.pipeline_expectations import Expectation
from local_workspace.workers.pipeline_sql import Setting, read_statements


def only(text: str):
    [statement] = read_statements(text, "a.sql")
    return statement


def test_a_materialized_view_with_all_its_clauses():
    made = only(
        "CREATE OR REFRESH MATERIALIZED VIEW IF NOT EXISTS s.`my view` (id INT NOT NULL COMMENT 'a, b', "
        "CONSTRAINT pos EXPECT (id > 0 AND id IN (1, 2)) ON VIOLATION DROP ROW) USING DELTA PARTITIONED BY (a, b) "
        "COMMENT 'it''s; one' TBLPROPERTIES ('x.y' = 'z', k = 'v') AS WITH t AS (SELECT ';') SELECT * FROM t;"
    )
    assert (made.kind, made.name, made.comment) == ("MATERIALIZED VIEW", "s.`my view`", "it's; one")
    assert made.schema == "id INT NOT NULL COMMENT 'a, b'"
    assert made.properties == {"x.y": "z", "k": "v"} and made.partition_cols == ["a", "b"]
    assert made.expectations == [Expectation("pos", "id > 0 AND id IN (1, 2)", "DROP")]
    assert made.query == "WITH t AS (SELECT ';') SELECT * FROM t"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CREATE STREAMING TABLE t", "STREAMING TABLE"),
        ("CREATE OR REFRESH STREAMING LIVE TABLE t AS SELECT 1", "STREAMING TABLE"),
        ("CREATE LIVE TABLE t AS SELECT 1", "MATERIALIZED VIEW"),
        ("CREATE PRIVATE MATERIALIZED VIEW t AS SELECT 1", "MATERIALIZED VIEW"),
        ("create temp view t as select 1", "TEMPORARY VIEW"),
        ("CREATE TEMPORARY LIVE VIEW t AS SELECT 1", "TEMPORARY VIEW"),
        ("CREATE MATERIALIZED VIEW t CLUSTER BY AUTO AS SELECT 1", "MATERIALIZED VIEW"),
    ],
)
def test_the_kinds_of_datasets(text, kind):
    assert (only(text).kind, only(text).name) == (kind, "t")


def test_a_flow_and_a_setting():
    flow = only("CREATE FLOW f AS INSERT INTO a.b BY NAME SELECT * FROM STREAM c")
    assert (flow.kind, flow.name, flow.target, flow.query) == ("FLOW", "f", "a.b", "SELECT * FROM STREAM c")
    assert only("SET spark.sql.ansi.enabled = false") == Setting("spark.sql.ansi.enabled", "false")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT 1", "line 1: a local pipeline can't run this statement at 'SELECT'"),
        ("CREATE\nTABLE t AS SELECT 1", "line 2"),
        ("CREATE VIEW t AS SELECT 1", "'VIEW'"),
        ("CREATE FLOW f AS AUTO CDC INTO t FROM STREAM s KEYS (id)", "'AUTO'"),
        ("CREATE FLOW f AS INSERT INTO ONCE t BY NAME SELECT 1", "'t'"),
        ("CREATE MATERIALIZED VIEW t SCHEDULE EVERY 1 HOUR AS SELECT 1", "'SCHEDULE'"),
        ("CREATE MATERIALIZED VIEW t", "expects AS and a query"),
        ("CREATE MATERIALIZED VIEW t (id INT", "expects more"),
        ("CREATE MATERIALIZED VIEW t (CONSTRAINT pk PRIMARY KEY (id)) AS SELECT 1", "'PRIMARY KEY'"),
        ("CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (a) ON VIOLATION KEEP ROW)", "DROP ROW or FAIL UPDATE"),
        ("CREATE MATERIALIZED VIEW t AS SELECT 'a", "a.sql"),
    ],
)
def test_what_a_local_pipeline_cannot_run_is_refused_with_its_place(text, place):
    with pytest.raises(UnsupportedSQL, match="a.sql") as refused:
        read_statements(text, "a.sql")
    assert place in str(refused.value)
