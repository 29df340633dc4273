"""Takes the pictures in docs/ of the workspace in which the workbook ran, and of its Refund Manager.

make run && make pictures
"""

import sys
from pathlib import Path

from databricks.sdk.service.pipelines import UpdateInfoState
from playwright.sync_api import Browser, Page, ViewportSize, expect

import caspers
from caspers.platform import apps
from caspers.platform.connect import Workbook
from chromium import chromium
from signed_in import sign_in

DOCS = Path(__file__).parents[2] / "docs"
WIDE: ViewportSize = {"width": 1280, "height": 720}


def take_app(page: Page, url: str) -> None:
    """Save the queue of partial refunds (one screen) and the order with the highest open refund (full page)."""
    page.goto(f"{url}/?refund_class=partial")
    page.screenshot(path=DOCS / "refund_manager_queue.png")
    page.goto(f"{url}/?refund_class=full&sort=amount")
    page.locator("#queue tbody a").first.click()
    expect(page.locator("#timeline svg.map")).to_be_visible()
    page.screenshot(path=DOCS / "refund_manager_order.png", full_page=True)


def take_workspace(page: Page, workbook: Workbook) -> None:
    """Save a run of the job with the most tasks, an update of the pipeline, and a table, a screen each."""
    host = workbook.w.config.host
    runs = [run for run in workbook.w.jobs.list_runs(expand_tasks=True) if run.state and run.state.result_state]
    run = max(runs, key=lambda each: len(each.tasks or []))
    page.goto(f"{host}/jobs/{run.job_id}/runs/{run.run_id}")
    expect(page.get_by_role("region", name="Graph of the run")).to_be_visible()
    page.screenshot(path=DOCS / "run_graph.png")
    pipeline = next(iter(workbook.w.pipelines.list_pipelines())).pipeline_id or ""
    updates = workbook.w.pipelines.list_updates(pipeline).updates or []
    update = next(each for each in updates if each.state == UpdateInfoState.COMPLETED)
    page.goto(f"{host}/pipelines/{pipeline}/updates/{update.update_id}")
    expect(page.get_by_role("region", name="Graph of the datasets")).to_be_visible()
    page.screenshot(path=DOCS / "pipeline_graph.png")
    page.goto(f"{host}/explore/data/{workbook.catalog}/lakeflow/silver_order_items")
    expect(page.get_by_role("region", name="Columns")).to_be_visible()
    expect(page.get_by_role("navigation", name="Catalog").get_by_role("link", name="all_events")).to_be_visible()
    page.screenshot(path=DOCS / "catalog.png")


def take(browser: Browser, workbook: Workbook, app_url: str) -> None:
    """Take all pictures."""
    context, host = browser.new_context(viewport=WIDE, color_scheme="light"), workbook.w.config.host
    page = context.new_page()
    sign_in(page, {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": workbook.w.config.token or ""})
    take_workspace(page, workbook)
    page.set_viewport_size({"width": 1200, "height": 640})
    take_app(page, app_url)


def main() -> None:
    """Find the workspace and the app, and take the pictures."""
    workbook = caspers.connect("caspersdev")
    app = apps.find(workbook, apps.NAME)
    if app is None:
        sys.exit("The Refund Manager is not running. Start it with `make run`, then run this again.")
    with chromium() as browser:
        take(browser, workbook, app.url)


if __name__ == "__main__":
    main()
