"""Requests about apps that make no sense, and what is kept of those that do."""

from functools import partial
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from job_workspace import TOKEN, JobWorkspace
from local_workspace.engines.apps import AppsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app
from local_workspace.http.sessions import Sessions
from local_workspace.routes import app_permissions, apps
from local_workspace.runtime import principals
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from refusals import LONG, WHOLE_BODIES, refused

APPS = "/api/2.0/apps"
USER = "you@localhost"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    space = JobWorkspace(tmp_path_factory.mktemp("apps") / "home")
    space.listener.close()
    store = Store(space.home.database)
    engine = AppsEngine(
        space.home,
        store,
        Processes(space.home),
        space.files,
        lambda _app: {},
        str,
        partial(listen, workspace=Workspace(TOKEN, USER, 0, Sessions(), principals.UNLISTED)),
        USER,
    )
    secrets = SecretsEngine(space.home, store)
    secrets.create_scope("s", USER)
    app = create_app(SimpleNamespace(apps=engine, secrets=secrets), TOKEN, [apps.router, app_permissions.router])
    with TestClient(
        app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False
    ) as client:
        assert client.post(APPS, json={"name": "known"}).status_code == 200
        yield client
    engine.stop()
    store.close()


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", "/known"), ("POST", "/known/deployments")])
@pytest.mark.parametrize("body", WHOLE_BODIES)
def test_a_body_is_an_object(client, method, path, body):
    refused(client.request(method, APPS + path, json=body), "The request's body: ")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"description": 5}, "description: "),
        ({"resources": "x"}, "resources: "),
        ({"resources": {"name": "x"}}, "resources: "),
        ({"resources": ["x"]}, "resources.0: "),
        ({"resources": [{}]}, "resources.0.name is missing"),
        ({"resources": [{"name": 5}]}, "resources.0.name: "),
        ({"resources": [{"name": "x", "postgres": "y"}]}, "resources.0.postgres: "),
        ({"resources": [{"name": "x", "postgres": {"branch": "b"}}]}, "resources.0.postgres.database is missing"),
        ({"resources": [{"name": "x", "sql_warehouse": {"id": []}}]}, "resources.0.sql_warehouse.id: "),
        ({"resources": [{"name": "x", "job": {}}]}, "resources.0.job.id is missing"),
        ({"resources": [{"name": "x", "database": {"instance_name": "i"}}]}, "resources.0.database: "),
        ({"resources": [{"name": "x", "genie_space": {"space_id": "s"}}]}, "resources.0.genie_space: "),
        ({"compute_size": "TINY"}, "compute_size: "),
        ({"space": "s"}, "space: "),
    ],
)
def test_settings_that_make_no_sense(client, fields, named):
    refused(client.post(APPS, json={"name": "new"} | fields), named)
    refused(client.patch(f"{APPS}/known", json=fields), named)


@pytest.mark.parametrize(
    ("name", "named"),
    [(5, "name: "), ("A", "App name 'A'"), (None, "App name ''"), (LONG, "name: "), ("a\0b", "name: ")],
)
def test_a_name_that_makes_no_sense(client, name, named):
    refused(client.post(APPS, json={"name": name}), named)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"source_code_path": 5}, "source_code_path: "),
        ({"source_code_path": {}}, "source_code_path: "),
        ({"source_code_path": f"/{LONG}"}, "source_code_path: "),
        ({"mode": []}, "mode: "),
        ({"mode": "AUTO_SYNC"}, "mode: "),
        ({"git_source": {"branch": "main"}}, "git_source: "),
        ({"command": "python app.py"}, "command: "),
        ({"command": ["python", 5]}, "command.1: "),
        ({"env_vars": {"A": "b"}}, "env_vars: "),
        ({"env_vars": ["A"]}, "env_vars.0: "),
        ({"env_vars": [{"value": "b"}]}, "env_vars.0.name is missing"),
        ({"env_vars": [{"name": "A", "value": 5}]}, "env_vars.0.value: "),
        ({"env_vars": [{"name": "A=B"}]}, "env_vars.0.name: "),
    ],
)
def test_a_deployment_that_makes_no_sense(client, fields, named):
    refused(client.post(f"{APPS}/known/deployments", json={"source_code_path": "/"} | fields), named)


@pytest.mark.parametrize("name", [LONG, "a%00b"])
@pytest.mark.parametrize(("path", "field"), [("/{}", "name: "), ("/known/deployments/{}", "deployment_id: ")])
def test_a_path_that_makes_no_sense(client, path, field, name):
    refused(client.get(APPS + path.format(name)), field)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"permission_level": "CAN_USE"}, "should have one of user_name, group_name"),
        ({"permission_level": "CAN_USE", "user_name": "a", "group_name": "b"}, "should have one of user_name"),
        ({"permission_level": "IS_OWNER", "user_name": "a"}, "permission_level: "),
        ({"user_name": "a"}, "permission_level is missing"),
        ({"permission_level": "CAN_USE", "user_name": "a", "more": 1}, "more: "),
    ],
)
def test_a_permission_that_makes_no_sense(client, method, entry, named):
    body = {"access_control_list": [entry]}
    refused(client.request(method, "/api/2.0/permissions/apps/known", json=body), named)


def test_a_resource_comes_back_as_it_was_sent(client):
    resource = {"name": "key", "secret": {"scope": "s", "key": "k", "permission": "READ"}}
    client.patch(f"{APPS}/known", json={"resources": [resource], "description": "d"}).raise_for_status()
    found = client.get(f"{APPS}/known").json()
    assert found["resources"] == [resource] and found["description"] == "d"


def test_listings_come_in_pages_and_take_no_other_parameter(client):
    client.post(APPS, json={"name": "second"}).raise_for_status()
    first = client.get(APPS, params={"page_size": 1}).json()
    rest = client.get(APPS, params={"page_size": 1, "page_token": first["next_page_token"]}).json()
    assert [app["name"] for app in (*first["apps"], *rest["apps"])] == ["known", "second"]
    refused(client.get(APPS, params={"space": "x"}), "the query parameter space")
