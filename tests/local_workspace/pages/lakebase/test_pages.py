"""Lakebase's pages over real servers."""

import re
import subprocess
from collections.abc import Iterator

import polars as pl
import pytest
from fastapi.testclient import TestClient

from lakebase_workspace import CATALOG, PROJECT, USER, LakebaseWorkspace
from page_client import PART, page_client
from waiting import eventually

DATABASE = f"/lakebase/projects/{PROJECT}/databases/caspers"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("lakebase-pages") / "home")
    made.make_database()
    made.write("orders.refunds", pl.DataFrame({"id": ["a", "b"], "note": [SCRIPT, None]}))
    made.sync("orders.refunds", "id")
    yield made
    made.close()


@pytest.fixture
def pages(workspace) -> Iterator[TestClient]:
    with page_client(user=USER, postgres=workspace.engine) as client:
        yield client


def test_a_synced_table_is_shown_with_its_versions(pages, workspace):
    table = f"{CATALOG}.orders.refunds"
    eventually(lambda: workspace.engine.synced.get(table)[1].version, lambda version: version == 0)
    text = pages.get("/lakebase").text
    assert f'href="/lakebase/projects/{PROJECT}"' in text
    assert 'href="/explore/data/lake/orders/refunds"' in text
    assert "Online" in text and "0 of 0" in text
    part = pages.get("/lakebase", headers=PART).text
    assert part.startswith("<section") and "orders.refunds" in part


def test_a_row_that_postgres_refuses_is_shown_with_the_reason(pages, workspace):
    workspace.write("orders.bad", pl.DataFrame({"id": ["a"], "note": ["nul \x00 byte"]}))
    workspace.sync("orders.bad", "id")
    shown = eventually(
        lambda: pages.get(f"/lakebase/projects/{PROJECT}", headers=PART).text,
        lambda text: "Failed" in text,
    )
    assert "lake.orders.bad, row id = &#39;a&#39;, column note" in shown


def test_a_password_is_in_the_page_only_after_it_was_wanted(pages, workspace, tmp_path):
    before = pages.get(f"/lakebase/projects/{PROJECT}").text
    assert "PGPASSWORD" not in before
    after = pages.post(f"{DATABASE}/psql", headers=PART)
    assert after.headers["Cache-Control"] == "no-store"
    line = re.search(r"<code>(.*?)</code>", after.text)[1].replace("&#39;", "'").replace("&#34;", '"')
    (tmp_path / "psql").write_text('#!/bin/sh\nprintf \'%s\\n\' "$PGPASSWORD" "$1"')
    (tmp_path / "psql").chmod(0o700)
    ran = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, env={"PATH": str(tmp_path)})
    password, conninfo = ran.stdout.splitlines()
    assert f"user={USER} dbname=caspers" in conninfo
    assert workspace.engine.running(PROJECT).is_credential(USER, password, 0.0)
    assert "PGPASSWORD" in pages.post(f"{DATABASE}/psql").text  # without a script the whole page comes again


def test_a_query_shows_its_rows_as_text(pages):
    query = {"statement": "SELECT id, note FROM orders.refunds\r\nORDER BY id"}
    for headers in (PART, {}):
        text = pages.post(f"{DATABASE}/query", data=query, headers=headers).text
        assert "&lt;script&gt;alert(1)" in text and SCRIPT not in text
        assert "NULL" in text and "2 rows" in text


def test_an_error_is_shown_at_its_place(pages):
    text = pages.post(f"{DATABASE}/query", data={"statement": "SELECT id,\r\n  nope FROM orders.refunds"}).text
    assert "column &#34;nope&#34; does not exist" in text
    assert "Line 2, column 3:" in text
    assert "  <mark>nope FROM orders.refunds</mark>" in text
    assert "read-only transaction" in pages.post(f"{DATABASE}/query", data={"statement": "CREATE TABLE x ()"}).text


def test_a_long_value_is_cut_and_so_are_many_rows(pages):
    text = pages.post(f"{DATABASE}/query", data={"statement": "SELECT repeat('x', 5000)"}, headers=PART).text
    assert "(5,000 characters)" in text and "x" * 2001 not in text
    text = pages.post(f"{DATABASE}/query", data={"statement": "SELECT generate_series(1, 1001)"}, headers=PART).text
    assert "1,000 rows; there are more, these are the first" in text


def test_a_link_fills_the_query_form_and_tables_are_listed(pages):
    text = pages.get(DATABASE, params={"query": "SELECT 1 < 2"}).text
    assert "SELECT 1 &lt; 2</textarea>" in text
    assert "orders.refunds" in text


def test_the_path_of_an_older_instance_leads_to_its_project(pages):
    answer = pages.get(f"/compute/database-instances/{PROJECT}", follow_redirects=False)
    assert answer.headers["location"] == f"/lakebase/projects/{PROJECT}"
    assert pages.get("/lakebase/projects/nobody").status_code == 404
