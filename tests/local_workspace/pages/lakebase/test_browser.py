"""Lakebase's pages in a browser: a query that reads, one that may not write, and the line for psql."""

from collections.abc import Iterator

import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import postgres as pg
from playwright.sync_api import Page, expect

from signed_in import check

SCRIPT = "<script>document.title = 'taken'</script>"
PROJECT = "seen-in-pages"


@pytest.fixture(scope="module")
def project(w: WorkspaceClient) -> Iterator[str]:
    """The path of a project's page."""
    w.postgres.create_project(pg.Project(), PROJECT).wait()
    yield f"/lakebase/projects/{PROJECT}"
    w.postgres.delete_project(f"projects/{PROJECT}", purge=True).wait()


@pytest.fixture
def database(page: Page, workspace: dict[str, str], project: str) -> Page:
    """The page of the project's database."""
    page.goto(workspace["DATABRICKS_HOST"] + "/lakebase")
    page.get_by_role("link", name=PROJECT).click()
    check(page)
    page.get_by_role("region", name="Databases").get_by_role("link").first.click()
    return page


def ask(page: Page, statement: str) -> None:
    page.get_by_label("A statement that reads").fill(statement)
    page.get_by_role("button", name="Run").click()


def test_a_query_shows_rows_and_a_statement_that_writes_is_refused(database):
    ask(database, f"SELECT $${SCRIPT}$$ AS note, NULL AS nothing")
    rows = database.get_by_role("region", name="Rows of the result")
    expect(rows).to_contain_text(SCRIPT)
    expect(rows).to_contain_text("NULL")
    check(database)
    ask(database, "CREATE TABLE written (n int)")
    expect(database.locator("#rows").get_by_role("alert")).to_contain_text("read-only transaction")
    ask(database, "SELECT 1 +\n  nope")
    expect(database.locator("#rows mark")).to_have_text("nope")
    check(database)


def test_the_line_for_psql_opens_the_database(database):
    expect(database.get_by_text("PGPASSWORD")).to_have_count(0)
    database.get_by_role("button", name="psql").click()
    line = database.locator("#psql code")
    expect(line).to_contain_text("PGPASSWORD")
    password, _, connection = line.inner_text().removeprefix("PGPASSWORD=").partition(" psql ")
    with psycopg.connect(connection.strip("'").replace("'\\''", "'"), password=password.strip("'")) as opened:
        assert opened.execute("SELECT 1").fetchone() == (1,)
    check(database)
