"""Pages of pipelines and of the catalog in a browser, over the workspace's own Spark server."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.pipelines import PathPattern, PipelineLibrary
from playwright.sync_api import expect

from signed_in import check

pytestmark = pytest.mark.slow

SCRIPT = "<script>alert(1)</script>"
COLUMN = "<i>n</i>"  # Delta takes no spaces and parentheses in a name
SOURCE = f"""
from pyspark import pipelines as dp

@dp.materialized_view(comment="What was counted {SCRIPT}")
@dp.expect_or_drop("small", "`{COLUMN}` < 8")
def counted():
    return spark.sql("SELECT id AS `{COLUMN}`, IF(id = 0, NULL, '{SCRIPT}') AS word FROM range(10)")

@dp.materialized_view
def doubled():
    return spark.table("counted").select("word")
"""


@dataclass(frozen=True)
class Project:
    """A pipeline and the names of what it fills."""

    pipeline_id: str
    catalog: str
    schema: str


@pytest.fixture(scope="module")
def project(w: WorkspaceClient, spark, catalog: str) -> Iterator[Project]:
    folder, schema = "/Workspace/Shared/seen", "seen_in_pages"
    w.workspace.mkdirs(folder)
    w.workspace.upload(f"{folder}/all.py", io.BytesIO(SOURCE.encode()), overwrite=True)
    library = PipelineLibrary(glob=PathPattern(include=f"{folder}/**"))
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{schema}`")
    made = w.pipelines.create(name=f"Seen {SCRIPT}", catalog=catalog, schema=schema, libraries=[library])
    yield Project(made.pipeline_id, catalog, schema)
    w.pipelines.delete(made.pipeline_id)
    w.schemas.delete(f"{catalog}.{schema}", force=True)


def test_a_full_refresh_is_asked_for_and_watched_to_its_end(page, workspace, project):
    host = workspace["DATABRICKS_HOST"]
    page.goto(f"{host}/pipelines")
    page.get_by_role("link", name="Seen <script>").click()
    page.get_by_role("link", name="Full refresh").click()
    check(page)
    page.get_by_role("button", name="Start full refresh").click()
    row = page.get_by_role("region", name="Datasets").get_by_role("row").filter(has_text="counted")
    expect(row).to_contain_text("Completed")  # without a reload
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    expect(row).to_contain_text("Materialized view")
    expect(row.get_by_role("cell").nth(3)).to_have_text("8")
    expect(row.get_by_role("cell").nth(4)).to_have_text("2")
    small = page.get_by_role("region", name="Expectations").get_by_role("row").filter(has_text="small")
    expect(small).to_contain_text("Drop the row")
    expect(page.get_by_role("region", name="Graph of the datasets").get_by_role("link")).to_have_count(2)
    check(page)
    page.get_by_role("link", name="Event log").click()
    expect(page.get_by_role("region", name="Event log")).to_contain_text("is defined as MATERIALIZED_VIEW")
    page.get_by_role("link", name="Updates").click()
    page.get_by_role("region", name="Updates").get_by_role("link").first.click()
    expect(page.get_by_text("Full refresh", exact=True)).to_be_visible()
    check(page)


def test_a_tables_text_is_text_and_its_rows_are_read_when_they_are_wanted(page, workspace, project):
    page.goto(f"{workspace['DATABRICKS_HOST']}/explore/data/{project.catalog}/{project.schema}")
    region = page.get_by_role("region", name="Tables")
    region.get_by_role("link", name="counted").click()
    expect(page.get_by_text(f"What was counted {SCRIPT}")).to_be_visible()
    expect(page.get_by_role("region", name="Columns")).to_contain_text(COLUMN)
    expect(page.get_by_role("complementary", name="About this table")).to_contain_text("8")
    expect(page.get_by_role("navigation", name="Catalog").get_by_role("link", name="doubled")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Sample data").click()
    sample = page.get_by_role("region", name="Sample data")
    expect(sample).to_contain_text(SCRIPT)
    expect(sample.get_by_text("null", exact=True)).to_have_count(1)
    check(page)
    for tab, shown in {
        "History": "CREATE OR REPLACE TABLE AS SELECT",
        "Lineage": "doubled",
        "Details": "Table ID",
    }.items():
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.locator("main")).to_contain_text(shown)
        check(page)


def test_a_volumes_file_is_saved(page, workspace, w, project):
    w.volumes.create(project.catalog, project.schema, "inbox", VolumeType.MANAGED)
    folder = f"/Volumes/{project.catalog}/{project.schema}/inbox"
    content = json.dumps({"text": SCRIPT}).encode()
    w.files.upload(f"{folder}/day 1/{SCRIPT[1:7]}&.html", io.BytesIO(content))
    page.goto(f"{workspace['DATABRICKS_HOST']}/explore/data/volumes/{project.catalog}/{project.schema}/inbox")
    page.get_by_role("link", name="day 1").click()
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="script&.html").click()
    assert download.value.path().read_bytes() == content


def test_the_pages_of_a_view_a_function_and_a_model_are_readable(page, workspace, w, spark, project):
    name = f"{project.catalog}.{project.schema}"
    spark.sql(f"CREATE VIEW {name}.few COMMENT '{SCRIPT}' AS SELECT 1 AS n, '{SCRIPT}' AS word").collect()
    spark.sql(f"CREATE FUNCTION {name}.twice(n INT COMMENT '{SCRIPT}') RETURNS INT RETURN n * 2").collect()
    w.registered_models.create(catalog_name=project.catalog, schema_name=project.schema, name="agent", comment=SCRIPT)
    for link, region, shown in (("few", "Columns", "word"), ("twice", "Parameters", SCRIPT), ("agent", "", SCRIPT)):
        page.goto(f"{workspace['DATABRICKS_HOST']}/explore/data/{project.catalog}/{project.schema}")
        page.locator("main").get_by_role("region").get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(link)
        content = page.get_by_role("region", name=region) if region else page.locator("main")
        expect(content).to_contain_text(shown)
        check(page)
    spark.sql(f"DROP VIEW {name}.few").collect()
    page.goto(f"{workspace['DATABRICKS_HOST']}/explore/data/{project.catalog}/{project.schema}/few")
    expect(page.locator("main")).to_contain_text("does not exist")
