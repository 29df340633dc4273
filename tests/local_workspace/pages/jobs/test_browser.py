"""Jobs in a browser: what changes by itself, what a click does, and what a text with a script does: nothing."""

import re

import pytest
from databricks.sdk.service.workspace import ImportFormat
from playwright.sync_api import expect

import job_graphs as graphs
from chromium import serious
from job_workspace import TOKEN
from signed_in import PHONE, sign_in, width

pytestmark = pytest.mark.slow

SCRIPT = "<script>parent.document.title = 'changed'</script>"
SHOW = """
from IPython.display import HTML, display
dbutils.widgets.text("city", "Utrecht")
city = dbutils.widgets.get("city")
print(city)
display(HTML(f"<b>bold</b>{city}"))
dbutils.notebook.exit(city)
"""
WAIT = """
import pathlib, sys, time
print("begun", sys.argv[2], flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
print("done")
"""


def graph(page, name="Graph of the run"):
    return page.get_by_role("region", name=name)


def state(page):
    return page.locator(".heading .state").first


def chain(space, **settings: object) -> int:
    """A job whose second task ends when the test says so."""
    held = graphs.task("hold", "load", pipeline_task={"pipeline_id": "HELD"})
    return graphs.job(space, graphs.task("load"), held, graphs.task("publish", "hold"), name="Chain", **settings)


def test_a_run_is_watched_to_its_end_without_a_reload(page, space):
    space.updates.released.clear()
    job_id = chain(space)
    page.goto(f"{space.host}/jobs/{job_id}")
    page.get_by_role("button", name="Run now", exact=True).click()
    expect(state(page)).to_have_text("Running")
    expect(graph(page).locator("g.busy")).to_have_count(2)
    page.evaluate("window.kept = true")
    focused = graph(page).get_by_role("link", name=re.compile("publish"))
    focused.focus()
    space.updates.released.set()
    expect(graph(page).locator("g.good")).to_have_count(3)
    expect(state(page)).to_have_text("Succeeded")
    assert page.evaluate("window.kept")
    expect(focused).to_be_focused()
    assert page.locator("#live").get_attribute("hx-get") is None
    expect(page.get_by_role("link", name="Repair run")).to_be_visible()


def test_the_lists_show_a_run_that_goes_on(page, space):
    space.updates.released.clear()
    job_id = chain(space)
    space.w.jobs.run_now(job_id)
    paths = ("/jobs", f"/jobs/{job_id}", f"/jobs/runs?job_id={job_id}")
    pages = [page, *(page.context.new_page() for _ in paths[1:])]
    for each, path in zip(pages, paths, strict=True):
        each.goto(space.host + path)
        expect(each.locator("#live .busy").first).to_be_visible()
    space.updates.released.set()
    for each in pages:
        expect(each.locator("#live .busy")).to_have_count(0)


def test_a_schedule_is_paused_and_resumed(page, space):
    clock = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}
    job_id = chain(space, schedule=clock)
    page.goto(f"{space.host}/jobs/{job_id}")
    details = page.get_by_role("complementary", name="Job details")
    expect(details).to_contain_text("Next run")
    page.get_by_role("button", name="Pause").click()
    expect(details).to_contain_text("Paused")
    expect(details).not_to_contain_text("Next run")
    page.get_by_role("button", name="Resume").click()
    expect(details).to_contain_text("Next run")


def test_a_failed_run_is_repaired(page, space):
    run = graphs.run(space, graphs.fails("load"), graphs.task("publish", "load"), graphs.task("other"))
    good = [{"task_key": "load", "pipeline_task": {"pipeline_id": "COMPLETED"}}]
    changes = {"job_id": run["job_id"], "new_settings": {"tasks": good}}
    space.w.api_client.do("POST", f"{graphs.API}/update", body=changes)
    page.goto(f"{space.host}/jobs/{run['job_id']}/runs/{run['run_id']}")
    expect(state(page)).to_have_text("Failed")
    page.get_by_role("link", name="Repair run").click()
    expect(page.get_by_label(re.compile("load"))).to_be_checked()
    expect(page.get_by_label(re.compile("other"))).not_to_be_checked()
    page.get_by_role("button", name="Repair run").click()
    expect(state(page)).to_have_text("Succeeded")
    expect(page.get_by_role("complementary")).to_contain_text("Repair 1")


def test_a_run_with_a_parameter_shows_its_notebook_whose_scripts_do_not_run(browser, space):
    notebook = space.upload("/Workspace/pages/show", SHOW)
    job_id = space.job(notebook, parameters=None, base_parameters={"city": "Utrecht"})
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, {"DATABRICKS_HOST": space.host, "DATABRICKS_TOKEN": TOKEN}, f"/jobs/{job_id}")
    page.get_by_role("link", name="Run now with different settings").click()
    page.get_by_label("city").fill(f"Chicago {SCRIPT}")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(state(page)).to_have_text("Succeeded")
    graph(page).get_by_role("link").click()
    expect(page.get_by_role("region", name="Result")).to_have_text(f"Chicago {SCRIPT}")
    title, frame = page.title(), page.frame_locator("iframe")
    expect(frame.get_by_text("bold", exact=True)).to_be_visible()
    expect(frame.locator(".output_stdout")).to_contain_text(f"Chicago {SCRIPT}")
    assert page.title() == title
    page.goto(space.host + page.locator("iframe").get_attribute("src"))  # in a window of its own it is as harmless
    expect(page).to_have_title("Executed notebook")
    context.close()


def test_a_log_grows_while_its_task_runs_and_a_script_in_it_is_text(page, space, tmp_path):
    path, gate = "/Workspace/pages/wait.py", tmp_path / "gate"
    space.w.workspace.mkdirs("/Workspace/pages")
    space.w.workspace.upload(path, WAIT.encode(), format=ImportFormat.RAW, overwrite=True)
    script = {"python_file": path, "parameters": [str(gate), SCRIPT]}
    task = graphs.task("wait", spark_python_task=script, environment_key="e")
    job_id = graphs.job(space, task, environments=[{"environment_key": "e", "spec": {"environment_version": "4"}}])
    run = space.w.jobs.run_now(job_id).bind()["run_id"]
    page.goto(f"{space.host}/jobs/{job_id}/runs/{graphs.task_of(graphs.shown(space, run), 'wait')['run_id']}")
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text(f"begun {SCRIPT}")
    gate.touch()
    expect(log).to_contain_text("done")
    expect(state(page)).to_have_text("Succeeded")


@pytest.mark.parametrize(("scheme", "size"), [("dark", {"width": 1280, "height": 800}), ("light", PHONE)])
def test_every_page_is_accessible_and_fits(page, space, scheme, size):
    run = graphs.run(space, graphs.fails("a" * 100), graphs.task("b", "a" * 100), name=f"Long {'x' * 90} {SCRIPT}")
    job, shown = f"/jobs/{run['job_id']}", f"/jobs/{run['job_id']}/runs/{run['run_id']}"
    task = f"{job}/runs/{run['tasks'][0]['run_id']}"
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    for path in ("/jobs", "/jobs/runs", job, f"{job}/tasks", f"{job}/run-now", task, shown, f"{shown}/repair"):
        page.goto(space.host + path)
        found = serious(page), page.locator("h1").count(), width(page) <= size["width"]
        assert (path, *found) == (path, [], 1, True)


def test_a_select_is_as_tall_as_the_button_beside_it(page, space):
    page.goto(f"{space.host}/jobs/runs")
    boxes = [page.get_by_label("State").bounding_box(), page.get_by_role("button", name="Filter").bounding_box()]
    assert boxes[0]["height"] == boxes[1]["height"]
