from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.sql import StatementParameterListItem

from caspers.platform import sql


@pytest.fixture(scope="module")
def warehouse(w):
    created = w.warehouses.create(name="tests", cluster_size="2X-Small")
    yield created.id
    w.warehouses.delete(created.id)


def test_a_warehouse_is_listed_and_made_once(w, warehouse):
    assert warehouse in [found.id for found in w.warehouses.list()]
    with pytest.raises(BadRequest, match="already exists"):
        w.warehouses.create(name="tests")


def test_values_come_back_with_their_types(w, warehouse):
    rows = sql.query(w, warehouse, "SELECT 1 AS i, 2L AS l, 0.5D AS d, 1.50BD AS m, true AS b, NULL AS n, 'x' AS s", {})
    assert rows == [{"i": 1, "l": 2, "d": 0.5, "m": Decimal("1.50"), "b": True, "n": None, "s": "x"}]


def test_times_and_nested_values_come_as_text_with_the_types_of_their_columns(w, warehouse):
    answer = w.statement_execution.execute_statement(
        "SELECT timestamp'2026-01-02 03:04:05.678' AS at, map('a', array(1)) AS m, struct(1 AS x, NULL AS y) AS s, "
        "1 AS same, 2 AS same",
        warehouse,
    )
    assert answer.result.data_array == [["2026-01-02T03:04:05.678Z", '{"a":[1]}', '{"x":1,"y":null}', "1", "2"]]
    assert [(column.name, column.type_text) for column in answer.manifest.schema.columns] == [
        ("at", "TIMESTAMP"),
        ("m", "MAP<STRING, ARRAY<INT>>"),
        ("s", "STRUCT<x: INT, y: VOID>"),
        ("same", "INT"),
        ("same", "INT"),
    ]


def test_a_row_limit_cuts_and_says_so_and_no_rows_keep_their_columns(w, warehouse):
    cut = w.statement_execution.execute_statement("SELECT id FROM range(5)", warehouse, row_limit=3)
    assert (cut.result.data_array, cut.manifest.truncated) == ([["0"], ["1"], ["2"]], True)
    none = w.statement_execution.execute_statement("SELECT id FROM range(0)", warehouse)
    assert ([column.name for column in none.manifest.schema.columns], none.manifest.total_row_count) == (["id"], 0)


def test_bound_values_are_values(w, warehouse):
    nasty = "'; DROP TABLE x; -- :i"
    rows = sql.query(
        w,
        warehouse,
        "SELECT :s AS s, :i + 1 AS i, :f AS f, :b AS b, :n AS n",
        {"s": nasty, "i": 41, "f": 2.5, "b": False, "n": None},
    )
    assert rows == [{"s": nasty, "i": 42, "f": 2.5, "b": False, "n": None}]


TYPED = [
    ("INT", "1", "int", "1"),
    ("TINYINT", "5", "tinyint", "5"),
    ("SMALLINT", "-3", "smallint", "-3"),
    ("BIGINT", str(2**62), "bigint", str(2**62)),
    ("DOUBLE", "2.5", "double", "2.5"),
    ("FLOAT", "2.5", "float", "2.5"),
    ("BOOLEAN", "TRUE", "boolean", "true"),
    ("DATE", "2024-02-29", "date", "2024-02-29"),
    ("TIMESTAMP", "2024-01-01T00:00:00+02:00", "timestamp", "2023-12-31T22:00:00.000Z"),
    ("TIMESTAMP_NTZ", "2024-01-01 00:00:00", "timestamp_ntz", None),
    ("DECIMAL(38,10)", "1234567890123456789012345678.0123456789", "decimal(38,10)", None),
    ("STRING", "it's ${x} \\ :p0 ; --", "string", "it's ${x} \\ :p0 ; --"),
    ("INT", None, "int", None),
    ("DATE", None, "date", None),
    ("INTERVAL DAY TO SECOND", "1 02:03:04", "interval day to second", "INTERVAL '1 02:03:04' DAY TO SECOND"),
    ("INTERVAL YEAR TO MONTH", "-1-2", "interval year to month", "INTERVAL '-1-2' YEAR TO MONTH"),
    ("INTERVAL HOUR", None, "interval hour", None),
    ("DECIMAL(4,2)", None, "decimal(4,2)", None),
]


def test_parameters_have_their_types(w, warehouse):
    bound = [StatementParameterListItem(f"p{n}", kind, value) for n, (kind, value, *_) in enumerate(TYPED)]
    names = [f":p{n}" for n in range(len(TYPED))]
    types = ", ".join(f"typeof({name})" for name in names)
    answer = w.statement_execution.execute_statement(
        f"SELECT {types}, {', '.join(names)}", warehouse, parameters=bound, wait_timeout="50s"
    )
    found = answer.result.data_array[0]
    assert found[: len(TYPED)] == [kind for *_, kind, _ in TYPED]
    for (_, value, _, text), got in zip(TYPED, found[len(TYPED) :], strict=True):
        assert got == text or (text is None and (got is None) == (value is None))


def test_an_int_and_a_decimal_are_added(w, warehouse):
    bound = [StatementParameterListItem("a", "INT", "1"), StatementParameterListItem("b", "DECIMAL(4,2)", "2.5")]
    answer = w.statement_execution.execute_statement("SELECT :a + :b", warehouse, parameters=bound, wait_timeout="50s")
    assert answer.result.data_array == [["3.50"]]


def test_a_marker_without_a_value_is_named(w, warehouse):
    with pytest.raises(RuntimeError, match="UNBOUND_SQL_PARAMETER.*: b"):
        sql.query(w, warehouse, "SELECT ':b', `x:b`, :b /* :b */ FROM (SELECT 1 AS `x:b`)", {"a": 1})


def test_sql_of_a_client_takes_arguments(spark):
    assert (
        spark.sql("SELECT typeof(:x) AS a", args={"x": timedelta(hours=1)}).collect()[0].a == "interval day to second"
    )
    assert spark.sql("SELECT :x AS a", args={"x": 1}).collect()[0].a == 1
    assert spark.sql("SELECT ? AS a", args=[1]).collect()[0].a == 1
    values = {
        "d": Decimal("12.50"),
        "t": date(42, 1, 1),
        "b": b"\x00\xff",
        "s": "it's ${x} \\ :d",
        "n": None,
        "l": [1, 2],
    }
    row = spark.sql(f"SELECT {', '.join(f':{name} AS {name}' for name in values)}", args=values).collect()[0]
    assert row.asDict() == values | {"b": bytearray(b"\x00\xff")}
    assert spark.sql("SELECT * FROM range(:n) LIMIT :k", args={"n": 5, "k": 2}).count() == 2
    spark.sql("CREATE OR REPLACE TABLE bound AS SELECT :x AS a", args={"x": 7}).collect()
    assert spark.sql("SELECT a FROM IDENTIFIER(:t) WHERE a = :x", args={"t": "bound", "x": 7}).collect()[0].a == 7
    assert spark.sql("DESCRIBE DETAIL bound", args={"x": 1}).collect()[0].format == "delta"


def test_execute_immediate_binds_what_it_uses(spark):
    assert spark.sql("EXECUTE IMMEDIATE 'SELECT ? + 1 AS a' USING 1").collect()[0].a == 2
    assert spark.sql("EXECUTE IMMEDIATE 'SELECT :x AS a' USING 1.50BD AS x").collect()[0].a == Decimal("1.50")
    assert spark.sql("EXECUTE IMMEDIATE 'SELECT :x AS a' USING (:y AS x)", args={"y": "it's"}).collect()[0].a == "it's"


def test_identifier_takes_names_of_three_parts(spark, catalog):
    spark.sql("CREATE OR REPLACE TABLE default.named AS SELECT 7 AS a").collect()
    args = {"t": f"{catalog.upper()}.default.named", "c": catalog}
    whole, joined = f"'{catalog}.default.named'", f"concat('{catalog}', '.default.named')"
    for name in (whole, joined, ":t", ":c || '.default.named'"):
        assert spark.sql(f"SELECT a FROM IDENTIFIER({name})", args=args).collect()[0].a == 7
    assert spark.sql("SELECT a FROM IDENTIFIER(:c).default.named", args=args).collect()[0].a == 7
    aliased = spark.sql(f"SELECT IDENTIFIER('{catalog}.a') AS b FROM default.named AS {catalog}")
    assert aliased.collect()[0].b == 7
    spark.sql(f"CREATE OR REPLACE VIEW default.as_named AS SELECT * FROM IDENTIFIER('{catalog}' || '.default.named')")
    assert spark.table("default.as_named").collect()[0].a == 7
    spark.sql("DROP TABLE IDENTIFIER(:c || '.default.named')", args=args).collect()
    spark.sql("DROP VIEW default.as_named").collect()


@pytest.mark.parametrize(
    ("query", "way"),
    [
        ("SELECT '{}':a", "parse_json(column):path"),
        ("SELECT j:a FROM VALUES ('{}') AS t(j)", "parse_json(column):path"),
        ("SELECT current_version()", "exists on Databricks only"),
        ("SELECT secret('a', 'b')", "dbutils.secrets.get"),
        ("LIST '/Volumes'", "w.files.list_directory_contents"),
        ("CREATE TABLE collated (c STRING COLLATE UNICODE) USING delta", "compare with COLLATE in the query"),
        ("SELECT * FROM another.default.t", "there is no other on a local workspace"),
        ("SELECT `a", "Syntax error"),
    ],
)
def test_what_open_spark_lacks_is_refused_with_a_way_out(w, warehouse, query, way):
    status = w.statement_execution.execute_statement(query, warehouse, wait_timeout="50s").status
    assert way in status.error.message


def test_a_table_function_is_found_in_the_statements_schema(w, warehouse, spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS st").collect()
    spark.sql(
        "CREATE OR REPLACE FUNCTION st.upto(n BIGINT) RETURNS TABLE(k BIGINT) "
        "RETURN SELECT explode(sequence(0L, n - 1L))"
    ).collect()
    answer = w.statement_execution.execute_statement("SELECT sum(k) FROM upto(4)", warehouse, schema="st")
    assert answer.result.data_array == [["6"]]


def test_what_a_statement_sets_reaches_no_other(w, warehouse, spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS st").collect()
    seen = "SELECT timestamp'2024-01-01 00:00:00Z' AS at, current_schema() AS s, current_timezone() AS zone"
    before = sql.query(w, warehouse, seen, {})
    for statement in [
        "SET TIME ZONE 'Asia/Kolkata'",
        "/* SELECT */ SET TIMEZONE = Asia/Kolkata",
        "USE st",
        "CREATE TEMP VIEW leak AS SELECT 1",
        "CREATE TEMPORARY FUNCTION leaking(x INT) RETURNS INT RETURN x + 1",
        "DECLARE VARIABLE leaked INT DEFAULT 5",
    ]:
        sql.query(w, warehouse, statement, {})
    assert (
        sql.query(w, warehouse, seen, {})
        == before
        == [{"at": "2024-01-01T00:00:00.000Z", "s": "default", "zone": "UTC"}]
    )
    for query in ["SELECT * FROM leak", "SELECT leaking(1)", "SELECT leaked"]:
        with pytest.raises(RuntimeError, match="NOT_FOUND|UNRESOLVED"):
            sql.query(w, warehouse, query, {})


def test_many_statements_at_once_that_need_sessions_of_their_own(w, warehouse):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: sql.query(w, warehouse, f"SET STATEMENT_TIMEOUT = {n}", {}), range(80)))
    assert [row["value"] for rows in found for row in rows] == [str(n) for n in range(80)]


def test_a_schema_is_that_of_its_statement_only(w, warehouse, spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS st").collect()
    execute = partial(w.statement_execution.execute_statement, warehouse_id=warehouse)
    execute("USE default", schema="st")
    found = [execute("SELECT current_schema()", schema=schema).result.data_array for schema in ("st", None, "st")]
    assert found == [[["st"]], [["default"]], [["st"]]]
    assert "SCHEMA_NOT_FOUND" in execute("SELECT 1", schema="nowhere").status.error.message


def test_many_rows_come_in_order(w, warehouse):
    rows = sql.query(w, warehouse, "SELECT id FROM range(5000) ORDER BY id", {})
    assert [row["id"] for row in rows] == list(range(5000))


def test_what_spark_says_of_a_mistake_is_passed_on_without_a_stack_trace(w, warehouse, workspace):
    with pytest.raises(RuntimeError, match="TABLE_OR_VIEW_NOT_FOUND") as error:
        sql.query(w, warehouse, "SELECT * FROM nowhere", {})
    assert "at org.apache" not in str(error.value)
    assert "SQLQueryContextLogger" not in (Path(workspace["CASPERS_HOME"]) / "logs" / "workspace.log").read_text()


def test_an_unknown_warehouse_or_statement_is_named(w):
    with pytest.raises(NotFound, match="'nope'"):
        w.statement_execution.execute_statement("SELECT 1", "nope")
    with pytest.raises(NotFound, match="'gone'"):
        w.statement_execution.get_statement("gone")


def test_a_statement_runs_in_the_workspaces_catalog_and_in_no_other(w, warehouse, catalog):
    def run(text: str, catalog: str):
        answer = w.statement_execution.execute_statement(text, warehouse, catalog=catalog, wait_timeout="50s")
        return answer.status.state.value, answer.result and answer.result.data_array, answer.status.error

    assert run("SELECT current_catalog()", catalog)[:2] == ("SUCCEEDED", [[catalog]])
    state, _, error = run("SELECT 1", "no_such_catalog")
    assert state == "FAILED" and "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'no_such_catalog' was not found" in error.message
    state, _, error = run(f"SELECT * FROM {catalog}.default.absent", catalog)
    assert state == "FAILED" and f"`{catalog}`.`default`.`absent`" in error.message
