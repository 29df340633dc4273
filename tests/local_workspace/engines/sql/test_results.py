"""Chunks, limits, waiting and canceling, with a real Spark server."""

from datetime import UTC, datetime

import httpx
import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.sql import Disposition, ExecuteStatementRequestOnWaitTimeout, Format, StatementState

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


@pytest.fixture
def active_jobs(spark):
    """Returns the ids of the jobs that Spark runs now."""
    return lambda: {row.id for row in spark.sql("SELECT * FROM local_workspace.jobs").collect()}


def test_many_rows_come_whole_in_chunks(w, warehouse, run):
    query = "SELECT id, repeat('x', 700) AS x FROM range(20000) ORDER BY id"
    answer = run(query)
    manifest = answer.manifest
    assert (manifest.total_row_count, manifest.truncated) == (20_000, False)
    assert manifest.total_chunk_count == len(manifest.chunks) > 1
    assert sum(chunk.row_count for chunk in manifest.chunks) == 20_000
    assert (answer.result.next_chunk_index, answer.result.row_offset) == (1, 0)
    second = w.api_client.do("GET", answer.result.next_chunk_internal_link)
    assert second["row_offset"] == answer.result.row_count
    assert second["data_array"][0][0] == str(answer.result.row_count)
    last = w.statement_execution.get_statement_result_chunk_n(answer.statement_id, manifest.total_chunk_count - 1)
    assert (last.next_chunk_index, last.data_array[-1][0]) == (None, "19999")
    with pytest.raises(NotFound, match="no chunk 999"):
        w.statement_execution.get_statement_result_chunk_n(answer.statement_id, 999)
    assert [row["id"] for row in sql.query(w, warehouse, query, {})] == list(range(20_000))


def test_more_than_an_inline_answer_holds_fails_and_says_what_to_do(run):
    answer = run("SELECT id, repeat('x', 3000) AS x FROM range(20000)")
    assert (answer.status.state, answer.result) == (StatementState.FAILED, None)
    assert "25 MiB" in answer.status.error.message and "EXTERNAL_LINKS" in answer.status.error.message


def test_a_byte_limit_cuts_and_says_so(run):
    answer = run("SELECT id, repeat('x', 300) AS x FROM range(20000)", byte_limit=1_000_000)
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


def test_what_is_canceled_leaves_no_work_on_spark(w, run, active_jobs):
    started = run(SLOW, wait_timeout="0s")
    begun = eventually(active_jobs)
    w.statement_execution.cancel_execution(started.statement_id)
    eventually(lambda: not begun & active_jobs())


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


def fetched(link: str) -> bytes:
    """What a link leads to, without any credentials but its own."""
    answer = httpx.get(link)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_links_lead_to_the_chunks_of_a_large_result_in_arrow(w, run):
    rows = 15_000
    answer = run(
        f"SELECT id, repeat('x', 3000) AS x FROM range({rows}) ORDER BY id",
        disposition=Disposition.EXTERNAL_LINKS,
        format=Format.ARROW_STREAM,
    )
    assert (answer.manifest.format, answer.manifest.total_row_count) == (Format.ARROW_STREAM, rows)
    assert answer.manifest.total_byte_count == sum(chunk.byte_count for chunk in answer.manifest.chunks) > 40_000_000
    assert answer.result.data_array is None
    (link,) = answer.result.external_links
    seen = []
    while True:
        assert link.expiration > datetime.now(UTC).isoformat()
        part = pa.ipc.open_stream(fetched(link.external_link)).read_all()
        assert (part.num_rows, len(seen)) == (link.row_count, link.row_offset)
        seen += part.column("id").to_pylist()
        if link.next_chunk_index is None:
            break
        assert link.next_chunk_internal_link.endswith(f"/{link.next_chunk_index}")
        (link,) = w.statement_execution.get_statement_result_chunk_n(
            answer.statement_id, link.next_chunk_index
        ).external_links
    assert answer.manifest.total_chunk_count == link.chunk_index + 1 > 1
    assert seen == list(range(rows))


def test_links_lead_to_csv_and_json(run):
    query = "SELECT concat('id-', id) AS strCol, id AS intCol, null AS nullCol FROM range(3)"

    def first_chunk(form: Format) -> bytes:
        answer = run(query, disposition=Disposition.EXTERNAL_LINKS, format=form, row_limit=2)
        assert answer.manifest.truncated
        return fetched(answer.result.external_links[0].external_link)

    assert first_chunk(Format.CSV) == b"strCol,intCol,nullCol\r\nid-0,0,null\r\nid-1,1,null\r\n"
    assert first_chunk(Format.JSON_ARRAY) == b'[["id-0","0",null],["id-1","1",null]]'


def test_a_link_is_its_only_credential(run):
    link = run("SELECT 1", disposition=Disposition.EXTERNAL_LINKS).result.external_links[0].external_link
    assert httpx.get(link, headers={"Authorization": "Bearer x"}).status_code == 400
    for other in (link.replace("/0?", "/1?"), link.replace("expires=", "expires=9"), link[:-1]):
        assert httpx.get(other).status_code == 403, other


def test_what_inline_answers_do_not_have_is_refused(run):
    with pytest.raises(BadRequest, match="ARROW_STREAM is supported only with the disposition EXTERNAL_LINKS"):
        run("SELECT 1", format=Format.ARROW_STREAM)
    with pytest.raises(BadRequest, match="wait_timeout"):
        run("SELECT 1", wait_timeout="1s")
