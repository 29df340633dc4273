"""Chunks, limits, waiting and canceling, with a real Spark server."""

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.sql import Disposition, ExecuteStatementRequestOnWaitTimeout, StatementState

from caspers.platform import sql
from waiting import eventually

SLOW = "SELECT id FROM range(100000000000) WHERE sqrt(id) = -1"
CANCEL = ExecuteStatementRequestOnWaitTimeout.CANCEL


@pytest.fixture(scope="module")
def w(workspace, spark):
    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


@pytest.fixture(scope="module")
def warehouse(w):
    created = w.warehouses.create(name="results", cluster_size="2X-Small")
    yield created.id
    w.warehouses.delete(created.id)


@pytest.fixture(scope="module")
def run(w, warehouse):
    return lambda statement, **settings: w.statement_execution.execute_statement(
        statement, warehouse, **{"wait_timeout": "50s", **settings}
    )


def test_many_rows_come_whole_in_chunks(w, warehouse, run):
    query = "SELECT id, repeat('x', 60) AS x FROM range(200000) ORDER BY id"
    answer = run(query)
    manifest = answer.manifest
    assert (manifest.total_row_count, manifest.truncated) == (200_000, False)
    assert manifest.total_chunk_count == len(manifest.chunks) > 1
    assert sum(chunk.row_count for chunk in manifest.chunks) == 200_000
    assert (answer.result.next_chunk_index, answer.result.row_offset) == (1, 0)
    second = w.api_client.do("GET", answer.result.next_chunk_internal_link)
    assert second["row_offset"] == answer.result.row_count
    assert second["data_array"][0][0] == str(answer.result.row_count)
    last = w.statement_execution.get_statement_result_chunk_n(answer.statement_id, manifest.total_chunk_count - 1)
    assert (last.next_chunk_index, last.data_array[-1][0]) == (None, "199999")
    with pytest.raises(NotFound, match="no chunk 999"):
        w.statement_execution.get_statement_result_chunk_n(answer.statement_id, 999)
    assert [row["id"] for row in sql.query(w, warehouse, query, {})] == list(range(200_000))


def test_more_than_an_inline_answer_holds_fails_and_says_what_to_do(run):
    answer = run("SELECT id, repeat('x', 300) AS x FROM range(200000)")
    assert (answer.status.state, answer.result) == (StatementState.FAILED, None)
    assert "25 MiB" in answer.status.error.message and "row_limit" in answer.status.error.message


def test_a_byte_limit_cuts_and_says_so(run):
    answer = run("SELECT id, repeat('x', 300) AS x FROM range(200000)", byte_limit=1_000_000)
    assert answer.manifest.truncated
    assert 0 < answer.manifest.total_row_count < 4_000
    whole = run("SELECT 1 AS one", byte_limit=1_000_000)
    assert (whole.manifest.truncated, whole.result.data_array) == (False, [["1"]])


def test_a_row_limit_of_all_rows_cuts_nothing(run):
    answer = run("SELECT id FROM range(3)", row_limit=3)
    assert (answer.manifest.truncated, answer.manifest.total_row_count) == (False, 3)


def test_a_statement_is_canceled(w, run):
    started = run(SLOW, wait_timeout="0s")
    assert started.status.state in (StatementState.PENDING, StatementState.RUNNING)
    w.statement_execution.cancel_execution(started.statement_id)
    assert w.statement_execution.get_statement(started.statement_id).status.state == StatementState.CANCELED
    with pytest.raises(BadRequest, match="CANCELED"):
        w.statement_execution.get_statement_result_chunk_n(started.statement_id, 0)


def test_a_statement_that_takes_too_long_is_canceled_if_so_wanted(run):
    assert run(SLOW, wait_timeout="5s", on_wait_timeout=CANCEL).status.state == StatementState.CANCELED


def test_canceling_what_has_ended_changes_nothing(w, run):
    ended = run("SELECT 1")
    w.statement_execution.cancel_execution(ended.statement_id)
    assert w.statement_execution.get_statement(ended.statement_id).status.state == StatementState.SUCCEEDED
    with pytest.raises(NotFound, match="'gone'"):
        w.statement_execution.cancel_execution("gone")


def test_a_statement_without_waiting_is_asked_for_later(w, run):
    started = run("SELECT 1 AS one", wait_timeout="0s", on_wait_timeout=CANCEL)
    ended = eventually(
        lambda: w.statement_execution.get_statement(started.statement_id),
        lambda answer: answer.status.state == StatementState.SUCCEEDED,
    )
    assert ended.result.data_array == [["1"]]


def test_what_a_local_workspace_has_not_is_refused(run):
    with pytest.raises(BadRequest, match="INLINE JSON_ARRAY only: leave out"):
        run("SELECT 1", disposition=Disposition.EXTERNAL_LINKS)
    with pytest.raises(BadRequest, match="wait_timeout"):
        run("SELECT 1", wait_timeout="1s")
