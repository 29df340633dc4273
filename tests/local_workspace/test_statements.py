from decimal import Decimal

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound

from caspers import sql


@pytest.fixture(scope="module")
def w(workspace):
    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


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


def test_bound_values_are_values(w, warehouse):
    nasty = "'; DROP TABLE x; -- :i"
    rows = sql.query(w, warehouse, "SELECT :s AS s, :i + 1 AS i, :f AS f, :b AS b, :n AS n",
                     {"s": nasty, "i": 41, "f": 2.5, "b": False, "n": None})
    assert rows == [{"s": nasty, "i": 42, "f": 2.5, "b": False, "n": None}]


def test_a_table_function_is_found_in_the_statements_schema(w, warehouse, spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS st").collect()
    spark.sql("CREATE OR REPLACE FUNCTION st.upto(n BIGINT) RETURNS TABLE(k BIGINT) "
              "RETURN SELECT explode(sequence(0L, n - 1L))").collect()
    rows = sql.query(w, warehouse, "SELECT sum(k) AS total FROM upto(:n)", {"n": 4}, schema="st")
    assert rows == [{"total": 6}]


def test_many_rows_come_in_order(w, warehouse):
    rows = sql.query(w, warehouse, "SELECT id FROM range(5000) ORDER BY id", {})
    assert [row["id"] for row in rows] == list(range(5000))


def test_what_spark_says_of_a_mistake_is_passed_on_without_a_stack_trace(w, warehouse):
    with pytest.raises(RuntimeError, match="TABLE_OR_VIEW_NOT_FOUND") as error:
        sql.query(w, warehouse, "SELECT * FROM nowhere", {})
    assert "at org.apache" not in str(error.value)


def test_an_unknown_warehouse_or_statement_is_named(w):
    with pytest.raises(NotFound, match="'nope'"):
        w.statement_execution.execute_statement("SELECT 1", "nope")
    with pytest.raises(NotFound, match="'gone'"):
        w.statement_execution.get_statement("gone")
