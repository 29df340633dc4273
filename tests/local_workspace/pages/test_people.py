"""What the pages show somebody who is no administrator: what they have permission for."""

from collections.abc import Iterator

import httpx
import pytest
from databricks.sdk.service.apps import App, AppAccessControlRequest, AppPermissionLevel
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.postgres import Project

ANA = "ana@example.com"


@pytest.fixture
def ana(w, workspace) -> Iterator[httpx.Client]:
    """A browser in which a user has signed in who may do nothing yet."""
    user = w.users.create(user_name=ANA)
    code = w.api_client.do("POST", "/api/local/sign-in-codes", body={"user_name": ANA})["code"]
    headers = {"Accept": "text/html", "Origin": workspace["DATABRICKS_HOST"]}
    with httpx.Client(base_url=workspace["DATABRICKS_HOST"], headers=headers, follow_redirects=True) as browser:
        assert browser.get("/login", params={"code": code}).status_code == 200
        yield browser
    w.users.delete(user.id)


def shown(browser: httpx.Client, path: str) -> str:
    """The page at `path`, without its side bar."""
    return browser.get(path).raise_for_status().text.partition("<main")[2]


def test_apps_are_shown_to_those_who_may_use_them(ana, w):
    w.apps.create(App(name="for-some"), no_compute=True)
    try:
        assert "for-some" not in shown(ana, "/apps")
        assert ana.get("/apps/for-some").status_code == 403
        can_use = AppAccessControlRequest(user_name=ANA, permission_level=AppPermissionLevel.CAN_USE)
        w.apps.update_permissions("for-some", access_control_list=[can_use])
        assert "for-some" in shown(ana, "/apps") and "for-some" in shown(ana, "/apps/for-some")
        assert ana.post("/apps/for-some/start").status_code == 403
        assert [app.name for app in w.apps.list() if app.name == "for-some"] == ["for-some"]
    finally:
        w.apps.delete("for-some")


def test_projects_are_shown_to_those_who_may_use_them_and_asked_by_administrators(ana, w):
    project, database = "/lakebase/projects/for-some", "/lakebase/projects/for-some/databases/databricks-postgres"
    w.postgres.create_project(Project(), "for-some").wait()
    try:
        assert "for-some" not in shown(ana, "/lakebase")
        assert ana.get(project).status_code == ana.get(database).status_code == 403
        can_use = AccessControlRequest(user_name=ANA, permission_level=PermissionLevel.CAN_USE)
        w.permissions.update("database-projects", "for-some", access_control_list=[can_use])
        assert "for-some" in shown(ana, "/lakebase") and "for-some" in shown(ana, project)
        for path in ("psql", "query"):
            assert ana.post(f"{database}/{path}", data={"statement": "SELECT 1"}).status_code == 403
    finally:
        w.postgres.delete_project("projects/for-some").wait()


def test_models_are_shown_to_those_who_have_execute(ana, w, catalog):
    w.schemas.create("for_some", catalog)
    w.registered_models.create(catalog_name=catalog, schema_name="for_some", name="rater")
    w.volumes.create(catalog, "for_some", "shelf", VolumeType.MANAGED)
    schema, model = f"/explore/tree/{catalog}/for_some", f"/explore/data/models/{catalog}/for_some/rater"
    try:
        tree = ana.get(schema).raise_for_status().text
        assert "shelf" in tree and "rater" not in tree
        assert ana.get(model).status_code == 403
        for kind, name, privilege in (
            ("catalog", catalog, Privilege.USE_CATALOG),
            ("schema", f"{catalog}.for_some", Privilege.USE_SCHEMA),
            ("function", f"{catalog}.for_some.rater", Privilege.EXECUTE),
        ):
            w.grants.update(kind, name, changes=[PermissionsChange(add=[privilege], principal=ANA)])
        assert "rater" in ana.get(schema).text and "rater" in shown(ana, model)
    finally:
        w.registered_models.delete(f"{catalog}.for_some.rater")
        w.schemas.delete(f"{catalog}.for_some", force=True)
