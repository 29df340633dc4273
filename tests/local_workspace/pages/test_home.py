import httpx
import pytest
from playwright.sync_api import expect

from chromium import serious
from signed_in import PHONE, width

SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def api(workspace):
    headers = {"Authorization": f"Bearer {workspace['DATABRICKS_TOKEN']}"}
    with httpx.Client(base_url=workspace["DATABRICKS_HOST"], headers=headers) as client:
        yield client


@pytest.fixture
def put(api):
    made = []

    def put(key, **section):
        made.append(key)
        return api.put(f"/api/local/home/{key}", json=section)

    yield put
    for key in made:
        api.delete(f"/api/local/home/{key}")


def test_sections_of_clients_are_shown_with_their_links(page, put, workspace):
    put("second", title="Bakery", position=2, items=[{"text": SCRIPT, "detail": "a job", "path": "/jobs/17"}])
    put("first", title="The notebooks", position=1, items=[{"text": "1. Flour"}])
    page.goto(workspace["DATABRICKS_HOST"])
    wanted = ["Running now", "Last failures", "The notebooks", "Bakery", "Go to"]  # beside those of other tests
    titles = page.get_by_role("main").get_by_role("heading", level=2).all_text_contents()
    assert [title for title in titles if title in wanted] == wanted
    expect(page.get_by_role("link", name=SCRIPT)).to_have_attribute("href", "/jobs/17")
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    assert width(page) <= PHONE["width"]


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_a_section_leads_nowhere_else(put, path):
    answer = put("bad", title="Bad", items=[{"text": "x", "path": path}])
    assert answer.status_code == 400 and "should be the path of a page" in answer.json()["message"]


def test_what_runs_and_what_failed_is_shown(page, api, workspace):
    def run(code):
        api.post("/api/2.0/workspace/mkdirs", json={"path": "/Workspace/Shared"})
        path = "/api/2.0/workspace-files/import-file/Workspace/Shared/task.py"
        api.post(path, params={"overwrite": "true"}, content=code).raise_for_status()
        file = {"python_file": "/Workspace/Shared/task.py"}
        task = {"task_key": "only", "spark_python_task": file, "environment_key": "default"}
        environment = {"environment_key": "default", "spec": {"environment_version": "4"}}
        body = {"run_name": f"home {code.split()[0]}", "tasks": [task], "environments": [environment]}
        return api.post("/api/2.2/jobs/runs/submit", json=body).raise_for_status().json()["run_id"]

    run("raise SystemExit(3)")
    page.goto(workspace["DATABRICKS_HOST"])
    failures = page.get_by_role("list", name="Last failures")
    expect(failures.get_by_role("link", name="home raise")).to_be_visible()
    held = run("import signal; signal.pause()")
    running = page.get_by_role("list", name="Running now")
    expect(running.get_by_role("link", name="home import")).to_be_visible()
    api.post("/api/2.2/jobs/runs/cancel", json={"run_id": held})
    expect(page.get_by_role("link", name="home import")).to_have_count(0)
