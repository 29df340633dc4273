"""Takes the pictures in docs/ of the workspace in which the notebooks ran, and of its Refund Manager.

`make outputs` takes them of the workspace whose outputs it keeps, so that their numbers are those of the notebooks.
`make run && make pictures` takes them of any other workspace.
"""

import sys
from pathlib import Path

from databricks.sdk.service import jobs as j
from databricks.sdk.service.pipelines import UpdateInfoState
from playwright.sync_api import Browser, Page, ViewportSize, expect

import caspers
from caspers.platform import apps, jobs
from caspers.platform.connect import Workbook
from caspers.runbook.plan import load_plan
from chromium import chromium
from signed_in import sign_in

REPO = Path(__file__).parents[2]
DOCS = REPO / "docs"
WIDE: ViewportSize = {"width": 1280, "height": 720}


def run_as_job(workbook: Workbook) -> j.Run:
    """Run the ten notebooks once more as the job that databricks.yml defines, for the picture of its run.

    Its tasks have no environment of their own: they import the project from this repository, as the notebooks did.
    """
    plan = load_plan(REPO / "databricks.yml", "all")
    tasks = [
        j.Task(
            task.key,
            depends_on=[j.TaskDependency(other) for other in task.depends_on],
            notebook_task=j.NotebookTask(workbook.publish(task.notebook.relative_to(REPO))),
        )
        for task in plan.tasks.values()
    ]
    parameters = [j.JobParameterDefinition(name, str(value)) for name, value in plan.parameters.items()]
    settings = j.JobSettings(name=plan.job_name, tasks=tasks, parameters=parameters)
    return jobs.run_and_wait(workbook, jobs.ensure_job(workbook, settings))


def take_app(page: Page, url: str) -> None:
    """Save the queue of partial refunds (one screen) and the order with the highest open refund (full page)."""
    page.goto(f"{url}/?refund_class=partial")
    expect(page.locator("#queue tbody a").first).to_be_visible()
    page.screenshot(path=DOCS / "refund_manager_queue.png")
    page.goto(f"{url}/?refund_class=full&sort=amount")
    page.locator("#queue tbody a").first.click()
    expect(page.locator("#timeline svg.map")).to_be_visible()
    page.screenshot(path=DOCS / "refund_manager_order.png", full_page=True)


def take_workspace(page: Page, workbook: Workbook) -> None:
    """Save a run of the ten notebooks as a job, an update of the pipeline, and a table, a screen each."""
    host, run = workbook.w.config.host, run_as_job(workbook)
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
    """Take all pictures, those of the app first, whose queue is then that of the notebooks' outputs."""
    context, host = browser.new_context(viewport=WIDE, color_scheme="light"), workbook.w.config.host
    page = context.new_page()
    sign_in(page, {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": workbook.w.config.token or ""})
    page.set_viewport_size({"width": 1200, "height": 640})
    take_app(page, app_url)
    page.set_viewport_size(WIDE)
    take_workspace(page, workbook)


def main() -> None:
    """Find the workspace and the app, and take the pictures."""
    workbook = caspers.connect("caspersdev")
    app = apps.find(workbook, apps.NAME)
    if app is None or app.url is None:
        sys.exit("The Refund Manager is not running. Start it with `make run`, then run this again.")
    apps.await_healthy(apps.client(workbook, app))
    with chromium() as browser:
        take(browser, workbook, app.url)


if __name__ == "__main__":
    main()
