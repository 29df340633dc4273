"""SQL statements: what is bound, what comes back, and which errors say that a table is missing."""

from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.service.sql import (
    ColumnInfo,
    ColumnInfoTypeName,
    ResultData,
    ResultManifest,
    ResultSchema,
    ServiceError,
    StatementResponse,
    StatementState,
    StatementStatus,
)

from caspers.platform import sql

COLUMNS = {"n": "LONG", "share": "DOUBLE", "usd": "DECIMAL", "late": "BOOLEAN", "name": "STRING", "ts": "TIMESTAMP"}


def answer(state: StatementState, rows: list[list[str | None]] | None = None, error: str = "") -> StatementResponse:
    columns = [ColumnInfo(name=name, type_name=ColumnInfoTypeName(kind)) for name, kind in COLUMNS.items()]
    return StatementResponse(
        manifest=ResultManifest(schema=ResultSchema(columns=columns)),
        result=None if rows is None else ResultData(data_array=rows),
        statement_id="s-1",
        status=StatementStatus(error=ServiceError(message=error) if error else None, state=state),
    )


def client(first: StatementResponse, *later: StatementResponse) -> SimpleNamespace:
    calls = Mock()
    calls.execute_statement.return_value = first
    calls.get_statement.side_effect = later
    return SimpleNamespace(statement_execution=calls)


def test_values_come_in_their_columns_types():
    rows = [["7", "0.5", "12.50", "true", "Tea", "2026-03-02T12:00:00Z"], [None] * 6]
    found = sql.query(client(answer(StatementState.SUCCEEDED, rows)), "w-1", "SELECT", {})
    first = {"n": 7, "share": 0.5, "usd": Decimal("12.50"), "late": True, "name": "Tea", "ts": "2026-03-02T12:00:00Z"}
    assert found == [first, dict.fromkeys(COLUMNS)]
    assert [type(value) for value in found[0].values()] == [int, float, Decimal, bool, str, str]


def test_a_result_is_read_to_its_last_chunk():
    w = client(answer(StatementState.SUCCEEDED, [["1", *[None] * 5]]))
    w.statement_execution.execute_statement.return_value.result.next_chunk_index = 1
    w.statement_execution.get_statement_result_chunk_n.side_effect = [
        ResultData(data_array=[["2", *[None] * 5]], next_chunk_index=2),
        ResultData(data_array=[["3", *[None] * 5]]),
    ]
    assert [row["n"] for row in sql.query(w, "w-1", "SELECT", {})] == [1, 2, 3]
    asked = w.statement_execution.get_statement_result_chunk_n.call_args_list
    assert [call.args for call in asked] == [("s-1", 1), ("s-1", 2)]


def test_a_statement_without_rows_gives_none():
    assert sql.query(client(answer(StatementState.SUCCEEDED)), "w-1", "CREATE SCHEMA s", {}) == []


def test_a_statement_may_have_no_result_at_all():
    done = StatementResponse(statement_id="s-1", status=StatementStatus(state=StatementState.SUCCEEDED))
    assert sql.query(client(done), "w-1", "CREATE SCHEMA s", {}) == []


def test_values_are_bound_with_their_types():
    w = client(answer(StatementState.SUCCEEDED))
    sql.query(w, "w-1", "SELECT :a", {"a": 1, "b": 2.5, "c": True, "d": "x", "e": None})
    given = w.statement_execution.execute_statement.call_args.kwargs
    assert [(each.name, each.value, each.type) for each in given["parameters"]] == [
        ("a", "1", "BIGINT"),
        ("b", "2.5", "DOUBLE"),
        ("c", "True", "BOOLEAN"),
        ("d", "x", "STRING"),
        ("e", None, "STRING"),
    ]
    assert given["warehouse_id"] == "w-1"
    assert not given.keys() & {"catalog", "schema"}  # names in the statement have three levels


def test_a_long_statement_is_waited_for():
    running, done = answer(StatementState.RUNNING), answer(StatementState.SUCCEEDED, [["1", *[None] * 5]])
    w = client(answer(StatementState.PENDING), running, done)
    assert sql.query(w, "w-1", "SELECT", {})[0]["n"] == 1
    assert [call.args for call in w.statement_execution.get_statement.call_args_list] == [("s-1",), ("s-1",)]


@pytest.mark.parametrize("error", ["[TABLE_OR_VIEW_NOT_FOUND] no t", "[SCHEMA_NOT_FOUND] no s"])
def test_a_missing_table_is_recognised(error):
    with pytest.raises(RuntimeError, match="SQL failed: ") as caught:
        sql.query(client(answer(StatementState.FAILED, error=error)), "w-1", "SELECT", {})
    assert sql.names_no_table(caught.value)


def test_a_statement_that_was_ended_says_so():
    with pytest.raises(RuntimeError, match="SQL failed: .*CANCELED") as caught:
        sql.query(client(answer(StatementState.CANCELED)), "w-1", "SELECT", {})
    assert not sql.names_no_table(caught.value)
