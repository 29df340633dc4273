"""Apps, through the official client: a tiny web app that tells its environment."""

import socket
import threading
from functools import partial
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, OperationFailed, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.apps import (
    App,
    AppAccessControlRequest,
    AppDeployment,
    AppDeploymentState,
    ApplicationState,
    AppPermissionLevel,
    AppResource,
    AppResourceApp,
    AppResourceAppAppPermission,
    AppResourcePostgres,
    AppResourceSqlWarehouse,
    AppResourceSqlWarehouseSqlWarehousePermission,
    ComputeSize,
    ComputeState,
    EnvVar,
)
from databricks.sdk.service.workspace import ImportFormat

from local_workspace.engines.apps import AppsEngine
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app
from local_workspace.http.sessions import Sessions
from local_workspace.routes import app_permissions, apps, identity, workspace
from local_workspace.runtime import principals
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from waiting import eventually

TOKEN, USER = "apps-test-token", "you@localhost"
CODE = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("this app was told to crash", flush=True)
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SPEC = """
command: ["python", "app.py", "$DATABRICKS_APP_PORT"]
env:
  - name: GREETING
    value: hello
  - name: WAREHOUSE
    valueFrom: sql-warehouse
  - name: ENDPOINT
    valueFrom: postgres
"""
RESOURCES = [
    AppResource(
        "sql-warehouse",
        sql_warehouse=AppResourceSqlWarehouse("w-1", AppResourceSqlWarehouseSqlWarehousePermission.CAN_USE),
    ),
    AppResource("postgres", postgres=AppResourcePostgres("projects/p/branches/production", "caspers")),
]
FOLDER = "/Workspace/Users/me/hello"


def app_env(app):
    return {"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_CLIENT_ID": f"app-{app['name']}"}


class AppsWorkspace:
    def __init__(self, root):
        self.home = open_home(root)
        processes = Processes(self.home)
        self.reaped = processes.reap()
        files = WorkspaceFiles(self.home)
        gateway = partial(listen, workspace=Workspace(TOKEN, USER, 0, Sessions(), principals.UNLISTED))
        store = Store(self.home.database)
        self.apps = AppsEngine(self.home, store, processes, files, app_env, str, gateway, USER)
        found = {"sql/warehouses": lambda _: None}
        self.permissions = PermissionsEngine(store, USER, found, principals.UNLISTED.is_known)
        engines = SimpleNamespace(
            files=files, workspace_files=files, apps=self.apps, permissions=self.permissions, user=USER
        )
        listener = socket.create_server(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(engines, TOKEN, [apps.router, app_permissions.router, identity.router, workspace.router]),
                log_level="warning",
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=[[listener]], daemon=True)
        self._thread.start()
        self.w = WorkspaceClient(host=host, token=TOKEN)
        self.apps.start()

    def upload(self, code=CODE, spec=SPEC, folder=FOLDER):
        self.w.workspace.mkdirs(folder)
        for name, text in (("app.py", code), ("app.yaml", spec)):
            self.w.workspace.upload(f"{folder}/{name}", text.encode(), format=ImportFormat.RAW, overwrite=True)

    def deploy(self, name="hello", **more):
        return self.w.apps.deploy_and_wait(name, AppDeployment(source_code_path=FOLDER, **more))

    def close(self):
        self.apps.stop()
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def ws(tmp_path):
    made = AppsWorkspace(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def deployed(ws):
    ws.upload()
    ws.w.apps.create_and_wait(App(name="hello", description="says hello", resources=RESOURCES))
    ws.deploy()
    return ws


def environment_of(ws, name="hello"):
    return ask(ws.w.apps.get(name).url).raise_for_status().json()


def ask(url):
    """The answer to a person who has signed in."""
    return httpx.get(url, auth=("anyone", TOKEN))


def test_create_deploy_and_ask(ws):
    created = ws.w.apps.create_and_wait(App(name="hello", description="says hello", resources=RESOURCES))
    assert (created.compute_status.state, created.app_status.state) == (
        ComputeState.ACTIVE,
        ApplicationState.UNAVAILABLE,
    )
    assert created.service_principal_client_id == "app-hello"
    assert ws.permissions.may("sql/warehouses", "w-1", "app-hello", "CAN_USE")
    ws.upload()
    deployment = ws.deploy(env_vars=[EnvVar("GREETING", "good evening")])
    app = ws.w.apps.get("hello")
    assert app.app_status.state is ApplicationState.RUNNING
    assert app.active_deployment.deployment_id == deployment.deployment_id
    assert app.default_source_code_path == FOLDER
    environment = environment_of(ws)
    assert environment["GREETING"] == "good evening"
    assert environment["WAREHOUSE"] == "w-1"
    assert environment["ENDPOINT"] == "projects/p/branches/production/endpoints/primary"
    assert environment["DATABRICKS_APP_NAME"] == "hello"
    assert environment["DATABRICKS_APP_URL"] == app.url
    assert environment["DATABRICKS_CLIENT_ID"] == "app-hello"


def test_what_runs_is_the_code_as_it_was_deployed(deployed):
    deployed.upload(spec=SPEC.replace("hello", "good morning"))
    assert environment_of(deployed)["GREETING"] == "hello"
    url = deployed.w.apps.get("hello").url
    deployed.deploy()
    assert environment_of(deployed)["GREETING"] == "good morning"
    assert deployed.w.apps.get("hello").url == url
    assert len(list(deployed.w.apps.list_deployments("hello"))) == 2
    assert len(list((deployed.home.root / "apps" / "hello").iterdir())) == 1


def test_a_crashed_app_is_started_again(deployed):
    before = environment_of(deployed)
    assert ask(deployed.w.apps.get("hello").url + "/crash").status_code == 503
    after = eventually(lambda: environment_of(deployed), ignoring=httpx.HTTPStatusError)
    assert after["GREETING"] == before["GREETING"]
    assert "told to crash" in (deployed.home.logs / "app-hello.log").read_text()


def test_an_app_that_can_not_start_fails_with_its_own_words(ws):
    ws.w.apps.create_and_wait(App(name="hello", resources=RESOURCES))
    ws.upload(code="raise SystemExit('no kitchen in sight')")
    with pytest.raises(OperationFailed, match="no kitchen in sight"):
        ws.deploy()
    app = ws.w.apps.get("hello")
    assert app.app_status.state is ApplicationState.CRASHED
    assert "no kitchen in sight" in app.app_status.message
    ws.upload()
    ws.deploy()
    assert ws.w.apps.get("hello").app_status.state is ApplicationState.RUNNING


SYSTEM = """
command: ["python", "app.py", "$DATABRICKS_APP_PORT"]
env:
  - name: OF_BOTH
    value: app.yaml
  - name: OF_FILE
    value: app.yaml
"""


def test_an_app_runs_with_the_platforms_variables_and_its_deployments_before_those_of_the_file(ws):
    ws.w.apps.create_and_wait(App(name="hello", resources=RESOURCES))
    ws.upload(spec=SYSTEM)
    command = ["python", "-u", "app.py", "$DATABRICKS_APP_PORT"]
    variables = [EnvVar(name="OF_BOTH", value="deployment"), EnvVar(name="W", value_from="sql-warehouse")]
    made = ws.deploy(command=command, env_vars=variables)
    environment = environment_of(ws)
    assert [environment[name] for name in ("OF_BOTH", "OF_FILE", "W")] == ["deployment", "app.yaml", "w-1"]
    port = environment["DATABRICKS_APP_PORT"]
    assert port not in ws.w.apps.get("hello").url
    named = ("STREAMLIT_SERVER_PORT", "GRADIO_SERVER_PORT", "UVICORN_PORT", "FLASK_RUN_PORT", "PORT")
    assert {environment[name] for name in named} == {port}
    shown = ws.w.apps.get_deployment("hello", made.deployment_id)
    assert (shown.command, [entry.name for entry in shown.env_vars]) == (command, ["OF_BOTH", "W"])
    assert {entry.value or entry.value_from for entry in shown.env_vars} == {None}
    assert ws.w.apps.get("hello").active_deployment.env_vars == variables


def test_a_deployment_without_a_path_deploys_the_last_folder_again(deployed):
    again = deployed.w.apps.deploy_and_wait("hello", AppDeployment())
    assert again.source_code_path == FOLDER


def test_an_update_changes_what_its_mask_names(ws):
    ws.w.apps.create(App(name="hello", description="says hello", resources=RESOURCES, user_api_scopes=["sql"]))
    new = App(name="hello", description="says more", compute_size=ComputeSize.LARGE)
    done = ws.w.apps.create_update_and_wait("hello", "description,compute_size", app=new)
    assert (done.status.state.value, done.compute_size) == ("SUCCEEDED", ComputeSize.LARGE)
    found = ws.w.apps.get("hello")
    assert (found.description, len(found.resources), found.user_api_scopes) == ("says more", 2, ["sql"])
    assert found.effective_user_api_scopes == ["iam.access-control:read", "iam.current-user:read", "sql"]
    with pytest.raises(BadRequest, match="'name' can't be updated"):
        ws.w.apps.create_update("hello", "name", app=new)


def client_of(ws, name):
    secret = principals.secret(TOKEN, name)
    return WorkspaceClient(host=ws.w.config.host, client_id=name, client_secret=secret, auth_type="oauth-m2m")


def allow(ws, principal, level, app="hello"):
    ws.w.apps.update_permissions(
        app, access_control_list=[AppAccessControlRequest(service_principal_name=principal, permission_level=level)]
    )


def test_a_principal_may_do_what_its_permission_says(deployed):
    other = client_of(deployed, "app-other")
    assert list(other.apps.list()) == []
    for refused in (other.apps.get, other.apps.stop, other.apps.delete, other.apps.get_permissions):
        with pytest.raises(PermissionDenied, match="app-other does not have CAN_"):
            refused("hello")
    called = {"headers": other.config.authenticate(), "url": deployed.w.apps.get("hello").url + "/api/environment"}
    assert httpx.get(**called).status_code == 403
    allow(deployed, "app-other", AppPermissionLevel.CAN_USE)
    assert httpx.get(**called).json()["GREETING"] == "hello"
    assert [app.name for app in other.apps.list()] == [other.apps.get("hello").name] == ["hello"]
    with pytest.raises(PermissionDenied, match="does not have CAN_MANAGE"):
        other.apps.stop("hello")
    allow(deployed, "app-other", AppPermissionLevel.CAN_MANAGE)
    other.apps.stop_and_wait("hello")


def test_permissions_are_kept_and_replaced(ws):
    ws.w.apps.create(App(name="hello"))
    allow(ws, "app-other", AppPermissionLevel.CAN_USE)
    listed = ws.w.apps.get_permissions("hello")
    found = [
        (entry.user_name or entry.service_principal_name, right.permission_level.value, right.inherited)
        for entry in listed.access_control_list
        for right in entry.all_permissions
    ]
    assert found == [(USER, "CAN_MANAGE", False), ("app-other", "CAN_USE", False), (None, "CAN_MANAGE", True)]
    assert (listed.object_id, listed.object_type) == ("/apps/hello", "apps")
    everyone = AppAccessControlRequest(group_name="users", permission_level=AppPermissionLevel.CAN_USE)
    ws.w.apps.set_permissions("hello", access_control_list=[everyone])
    assert client_of(ws, "app-anyone").apps.get("hello").name == "hello"
    levels = ws.w.apps.get_permission_levels("hello").permission_levels
    assert [level.permission_level.value for level in levels] == ["CAN_USE", "CAN_MANAGE"]


def test_who_makes_an_app_manages_it(ws):
    maker = client_of(ws, "app-maker")
    assert maker.apps.create(App(name="made")).response.creator == "app-maker"
    assert maker.apps.update("made", App(name="made", description="mine")).updater == "app-maker"


def test_a_resource_lets_an_app_use_another(ws):
    ws.w.apps.create(App(name="hello"))
    access = AppResourceApp(name="hello", permission=AppResourceAppAppPermission.CAN_USE)
    ws.w.apps.create(App(name="caller", resources=[AppResource("other", app=access)]))
    assert client_of(ws, "app-caller").apps.get("hello").name == "hello"
    missing = AppResourceApp(name="nowhere", permission=AppResourceAppAppPermission.CAN_USE)
    with pytest.raises(NotFound, match="nowhere"):
        ws.w.apps.create(App(name="another", resources=[AppResource("other", app=missing)]))


def test_stop_and_start(deployed):
    url = deployed.w.apps.get("hello").url
    stopped = deployed.w.apps.stop_and_wait("hello")
    assert (stopped.compute_status.state, stopped.app_status.state) == (
        ComputeState.STOPPED,
        ApplicationState.UNAVAILABLE,
    )
    answer = ask(url)
    assert (answer.status_code, "The app hello is stopped" in answer.json()["message"]) == (503, True)
    with pytest.raises(BadRequest, match="stopped"):
        deployed.deploy()
    deployed.w.apps.start_and_wait("hello")
    assert eventually(lambda: environment_of(deployed), ignoring=httpx.HTTPStatusError)["GREETING"] == "hello"


def test_a_workspace_that_comes_back_runs_its_apps_again_on_a_free_port(deployed):
    url = deployed.w.apps.get("hello").url
    deployed.apps.stop()
    with pytest.raises(httpx.TransportError):
        ask(url)
    taken = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", taken)):
        deployed.apps.start()
        eventually(lambda: state_of(deployed), ApplicationState.RUNNING)
        assert deployed.w.apps.get("hello").url != url
        assert environment_of(deployed)["DATABRICKS_APP_PORT"] != str(taken)


def state_of(ws):
    return ws.w.apps.get("hello").app_status.state


def test_a_deployment_that_a_killed_workspace_left_under_way_has_failed(deployed):
    deployed.apps.stop()
    store, app = Store(deployed.home.database), deployed.w.apps.get("hello")
    active = app.active_deployment.deployment_id
    store.put(
        "app_deployment",
        "hello/9",
        {
            **store.get("app_deployment", f"hello/{active}"),
            "deployment_id": "9",
            "status": {"state": "IN_PROGRESS", "message": ""},
        },
    )
    deployed.apps.start()
    assert deployed.w.apps.get_deployment("hello", "9").status.state is AppDeploymentState.FAILED
    assert deployed.w.apps.get("hello").pending_deployment is None
    eventually(lambda: state_of(deployed), ApplicationState.RUNNING)


def test_delete_leaves_nothing(deployed):
    url = deployed.w.apps.get("hello").url
    deployed.w.apps.delete("hello")
    with pytest.raises(NotFound):
        deployed.w.apps.get("hello")
    with pytest.raises(httpx.TransportError):
        ask(url)
    assert not (deployed.home.root / "apps" / "hello").exists()
    assert list(deployed.w.apps.list()) == []
    assert not (deployed.home.run / "app-hello.pid").exists()


def test_update_replaces_description_and_resources(deployed):
    updated = deployed.w.apps.update("hello", App(name="hello", description="says more", resources=RESOURCES[:1]))
    assert (updated.description, [resource.name for resource in updated.resources]) == ("says more", ["sql-warehouse"])


@pytest.mark.parametrize("name", ["", "Hello", "a", "1app", "under_score", "x" * 31, "../up"])
def test_bad_names_are_refused(ws, name):
    with pytest.raises(BadRequest, match="lower-case letters"):
        ws.w.apps.create(App(name=name))


def test_a_second_app_of_a_name_is_refused(ws):
    ws.w.apps.create(App(name="hello"))
    with pytest.raises(ResourceAlreadyExists):
        ws.w.apps.create(App(name="hello"))


def test_a_wrong_app_yaml_is_refused_before_anything_changes(deployed):
    for spec, message in (
        ("command: uvicorn main:app", "list of words"),
        ("[1, 2]", "mapping"),
        ("a: [", "is not YAML"),
        ("env: [{value: x}]", "needs a `name`"),
    ):
        deployed.upload(spec=spec)
        with pytest.raises(BadRequest, match=message):
            deployed.deploy()
    assert environment_of(deployed)["GREETING"] == "hello"
    assert len(list(deployed.w.apps.list_deployments("hello"))) == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("command: [no-such-program]", "no such program"),
        ("command: [python]\nenv: [{name: X, valueFrom: nothing}]", "'nothing'"),
    ],
)
def test_a_command_or_resource_that_is_not_there_fails_the_deployment(ws, spec, message):
    ws.w.apps.create(App(name="hello"))
    ws.upload(spec=spec)
    with pytest.raises(OperationFailed, match=message):
        ws.deploy()


def test_a_file_of_more_than_10_mb_fails_the_deployment(ws):
    ws.w.apps.create(App(name="hello"))
    ws.upload()
    ws.w.workspace.upload(f"{FOLDER}/large.bin", bytes(10 * 1024**2 + 1), format=ImportFormat.RAW)
    with pytest.raises(OperationFailed, match="large.bin is larger than 10 MB"):
        ws.deploy()


def test_only_folders_of_the_workspace_can_be_deployed(ws):
    ws.w.apps.create(App(name="hello"))
    ws.upload()
    with pytest.raises(NotFound):
        ws.w.apps.deploy("hello", AppDeployment(source_code_path="/Workspace/nowhere"))
    with pytest.raises(BadRequest, match="folder"):
        ws.w.apps.deploy("hello", AppDeployment(source_code_path=f"{FOLDER}/app.py"))
    with pytest.raises(NotFound):
        ws.w.apps.deploy("other", AppDeployment(source_code_path=FOLDER))
