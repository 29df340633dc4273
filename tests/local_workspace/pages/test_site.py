import httpx
import pytest
from playwright.sync_api import expect

from local_workspace.pages.navigation import GROUPS
from signed_in import PHONE, check

pytestmark = pytest.mark.slow

PATHS = [
    section.path for _, sections in GROUPS for section in sections if not section.path.startswith("/ml/experiments")
]


def test_every_section_opens_and_is_accessible(page, workspace):
    for path in PATHS:
        assert page.goto(workspace["DATABRICKS_HOST"] + path).status == 200, path
        expect(page.locator(".side a[aria-current=page]")).to_have_attribute("href", path)
        check(page)


def test_the_side_bar_opens_on_a_phone(page):
    page.set_viewport_size(PHONE)
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Jobs")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()


@pytest.mark.parametrize(
    ("printed", "leads"),
    [
        ("/#job/17/run/4", "/jobs/17/runs/4"),
        ("/?o=1#job/17", "/jobs/17"),
        ("/#joblist/pipelines/abc-1/updates/def-2", "/pipelines/abc-1/updates/def-2"),
        ("/#/experiments/0", "/mlflow/"),
    ],
)
def test_links_with_the_place_behind_the_hash_lead_there(page, workspace, printed, leads):
    with page.expect_request(workspace["DATABRICKS_HOST"] + leads):
        page.goto(workspace["DATABRICKS_HOST"] + printed, wait_until="commit")


def test_experiments_are_mlflows_pages_with_the_same_session(page, workspace):
    host, token = workspace["DATABRICKS_HOST"], workspace["DATABRICKS_TOKEN"]
    wait = httpx.post(f"{host}/api/local/wait/mlflow", headers={"Authorization": f"Bearer {token}"}, timeout=300)
    assert wait.status_code == 200
    page.goto(f"{host}/ml/experiments")
    expect(page.get_by_role("link", name="Default")).to_be_visible()
    assert page.url.startswith(f"{host}/mlflow/#/experiments")
