from playwright.sync_api import expect

from chromium import serious


def test_an_engine_is_shown_with_its_log(page, workspace):
    page.goto(workspace["DATABRICKS_HOST"] + "/compute")
    expect(page.get_by_role("row", name="Workspace service")).to_contain_text("Running")
    page.get_by_role("link", name="Apache Spark").click()
    expect(page.get_by_role("heading", name="Apache Spark")).to_be_visible()
    expect(page.get_by_text("Processor time")).to_be_visible()
    expect(page.get_by_role("region", name="Log of Apache Spark")).not_to_be_empty()
    assert serious(page) == []
