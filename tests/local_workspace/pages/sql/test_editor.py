"""The SQL editor in a real browser, on the session's workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import serious
from signed_in import PHONE, check, sign_in, width

pytestmark = pytest.mark.slow

SCRIPT = "<script>document.title = 'taken'</script>"


@pytest.fixture(scope="module")
def warehouse(w, spark) -> Iterator[str]:
    made = w.warehouses.create(name="pages").id
    yield made
    w.warehouses.delete(made)


@pytest.fixture
def editor(page: Page, workspace: dict[str, str], warehouse: str) -> Page:
    page.goto(f"{workspace['DATABRICKS_HOST']}/sql/editor")
    return page


def run(page: Page, statement: str, limit: str = "1,000") -> None:
    page.get_by_label("Rows at most").select_option(limit)
    page.get_by_role("textbox", name="Statement").fill(statement)
    page.get_by_role("button", name="Run").click()


def result(page: Page):
    return page.locator("#result")


def test_an_error_is_shown_at_its_place_in_the_text(editor):
    run(editor, "SELECT 1 AS one,\n  nope\nFROM range(3)")
    expect(result(editor)).to_contain_text("UNRESOLVED_COLUMN")
    expect(result(editor)).to_contain_text("Line 2, column 3:")
    expect(editor.locator(".cm-lintRange-error")).to_have_text("nope")
    assert serious(editor) == []


def test_an_error_of_the_grammar_is_shown_at_its_place_too(editor):
    run(editor, "SELECT 1 FORM range(3) x")
    expect(result(editor)).to_contain_text("PARSE_SYNTAX_ERROR")
    expect(editor.locator(".cm-lintRange-error")).to_be_visible()


def test_only_what_is_selected_runs(editor):
    editor.get_by_role("textbox", name="Statement").fill("SELECT nope\nSELECT 42 AS answer")
    editor.keyboard.press("Home")
    editor.keyboard.press("Shift+End")
    editor.keyboard.press("Control+Enter")
    expect(result(editor).locator("tbody td").last).to_have_text("42")


def test_a_hundred_thousand_rows_come_in_pages_and_as_a_file(editor, tmp_path):
    run(editor, "SELECT id, concat('row ', id) AS name FROM range(100000)", "100,000")
    expect(result(editor)).to_contain_text("Rows 1 to 100 of 100,000")
    expect(result(editor).locator("tbody tr")).to_have_count(100)
    editor.get_by_role("link", name="Last").click()
    expect(result(editor)).to_contain_text("Rows 99,901 to 100,000 of 100,000")
    expect(result(editor).locator("tbody tr").last).to_contain_text("row 99999")
    with editor.expect_download() as download:
        editor.get_by_role("link", name="CSV").click()
    file = Path(tmp_path) / "result.csv"
    download.value.save_as(file)
    lines = file.read_text().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (100_001, "id,name", "99999,row 99999")


def test_a_result_is_cut_at_the_limit_and_says_so(editor):
    run(editor, "SELECT id FROM range(5000)")
    expect(result(editor)).to_contain_text("1,000 rows, cut at the limit")


def test_a_script_in_a_result_is_text_and_a_chart_is_drawn(editor):
    run(editor, f"SELECT \"{SCRIPT}\" AS name, 3 AS pizzas UNION ALL SELECT 'b', 5")
    expect(result(editor)).to_contain_text(SCRIPT)
    editor.get_by_role("link", name="Chart").click()
    expect(editor.get_by_role("img", name="pizzas by name")).to_be_visible()
    expect(editor.locator("rect.bar")).to_have_count(2)
    editor.get_by_label("Kind").select_option("Line")
    expect(editor.locator("path.line")).to_be_attached()
    assert editor.title() != "taken"
    for scheme in ("light", "dark"):
        editor.emulate_media(color_scheme=scheme)
        assert (scheme, serious(editor)) == (scheme, [])
    editor.set_viewport_size(PHONE)
    assert width(editor) <= PHONE["width"]


def test_a_running_statement_is_cancelled(editor):
    run(editor, "SELECT count(*) FROM range(1000000000) a CROSS JOIN range(1000000000) b WHERE a.id % 7 = b.id % 5")
    editor.get_by_role("button", name="Cancel").click()
    expect(result(editor).locator(".state")).to_have_text("Canceled")


def test_the_history_leads_back_and_a_query_is_saved(editor, workspace):
    run(editor, "SELECT 'remember me' AS text")
    expect(result(editor)).to_contain_text("Succeeded")
    editor.get_by_label("Name of the query").fill("memory")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("heading", name="memory")).to_be_visible()
    expect(editor.get_by_role("textbox", name="Statement")).to_contain_text("remember me")
    editor.goto(f"{workspace['DATABRICKS_HOST']}/sql/history?text=remember")
    editor.get_by_role("link", name="remember me").first.click()
    expect(result(editor).locator("tbody")).to_contain_text("remember me")


def test_the_editor_works_without_scripts(browser: Browser, workspace, warehouse):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, workspace, "/sql/editor")
    page.get_by_label("Statement").fill("SELECT 6 * 7 AS answer")
    page.get_by_role("button", name="Run").click()
    expect(result(page).locator("tbody td").last).to_have_text("42")
    context.close()


def test_every_page_is_accessible_and_fits_a_phone(page, workspace, warehouse):
    for path in ("/sql/editor", "/sql/history", "/sql/warehouses", f"/sql/warehouses/{warehouse}"):
        assert page.goto(workspace["DATABRICKS_HOST"] + path).status == 200, path
        check(page)


def test_a_warehouse_is_made_and_removed(page, workspace):
    page.goto(f"{workspace['DATABRICKS_HOST']}/sql/warehouses")
    page.get_by_label("Name of the new warehouse").fill("made here")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="made here")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="made here")).to_have_count(0)
