"""Which workspace is used, and how clients are pointed at it."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient

from caspers.platform import connection
from caspers.platform.connect import Workbook
from caspers.platform.connection import Connection

PROFILES = """
[DEFAULT]
host = https://default.example
client_id = x
client_secret = y
cluster_id = 1
[prod]
host = https://prod.example
auth_type = databricks-cli
"""


class NothingThere(BaseHTTPRequestHandler):
    """A host that answers 404 to every request: the SDK reads a host's configuration first."""

    def do_GET(self) -> None:  # noqa: N802
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def host() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), NothingThere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_local_workspace_has_addresses_for_every_client():
    hosts = dict.fromkeys(("no_proxy", "NO_PROXY"), "kitchen.example,localhost,127.0.0.1")
    remote, mlflow = "sc://localhost:2", "http://127.0.0.1:1/mlflow"
    found = Connection("http://127.0.0.1:1", "secret", remote, mlflow, Path("/home"), hosts)
    assert found.local
    assert found.environment() == {
        "DATABRICKS_HOST": "http://127.0.0.1:1",
        "DATABRICKS_TOKEN": "secret",
        "DATABRICKS_AUTH_TYPE": "pat",
        "no_proxy": "kitchen.example,localhost,127.0.0.1",
        "NO_PROXY": "kitchen.example,localhost,127.0.0.1",
        "SPARK_REMOTE": "sc://localhost:2",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1/mlflow",
        "MLFLOW_TRACKING_TOKEN": "secret",
        "MLFLOW_REGISTRY_URI": "databricks-uc",
    }


@pytest.mark.parametrize(
    "others",
    [
        {"ARM_CLIENT_ID": "x", "ARM_CLIENT_SECRET": "y", "ARM_TENANT_ID": "z"},
        {"DATABRICKS_CLIENT_ID": "x", "DATABRICKS_CLIENT_SECRET": "y"},
        {"DATABRICKS_AUTH_TYPE": "databricks-cli"},
        {"DATABRICKS_CONFIG_PROFILE": "prod"},
    ],
    ids=lambda others: next(iter(others)),
)
def test_other_ways_to_sign_in_do_not_disturb_a_local_workspace(host, others, tmp_path, monkeypatch):
    (tmp_path / "databrickscfg").write_text(PROFILES)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "databrickscfg"))
    found = Connection(host, "secret", "sc://localhost:2", host, tmp_path)
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    client = Workbook("kitchens", found).w
    assert client.config.auth_type == "pat"
    assert client.config.authenticate() == {"Authorization": "Bearer secret"}
    for name, value in found.environment().items():  # what `runbook.py --env` exports
        monkeypatch.setenv(name, value)
    assert WorkspaceClient().config.authenticate() == {"Authorization": "Bearer secret"}


def test_variables_that_lead_elsewhere_are_taken_out_of_the_process(monkeypatch, tmp_path):
    unset = ("DATABRICKS_CLUSTER_ID", "MLFLOW_TRACKING_USERNAME")
    found = Connection("http://127.0.0.1:1", "secret", None, "http://127.0.0.1:1", tmp_path, unset=unset)
    for name in (*unset, *found.environment()):  # all of them, so that all come back afterwards
        monkeypatch.setenv(name, "of another workspace")
    found.enter()
    assert not {*unset} & os.environ.keys()
    assert found.environment().items() <= os.environ.items()


def test_a_running_workspace_says_what_leads_elsewhere(connected, monkeypatch):
    monkeypatch.setenv("DATABRICKS_CONFIG_PROFILE", "prod")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):  # those that this process will have; they go afterwards
        monkeypatch.setenv(name, "*" if name == "no_proxy" else "")
    found = connection.current()
    assert found is not None and found.unset == ("DATABRICKS_CONFIG_PROFILE",)
    assert found.beside_proxy == {"no_proxy": "*", "NO_PROXY": "*", "no_grpc_proxy": "localhost,127.0.0.1"}


def test_a_local_workspaces_job_finds_it_by_the_variables_that_it_was_given(monkeypatch):
    remote, mlflow = "sc://localhost:2", "http://127.0.0.1:1"
    given = Connection("http://127.0.0.1:1", "of the job", remote, mlflow, Path("/home"), {"no_proxy": "127.0.0.1"})
    for name in ("NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**given.environment(), "LOCAL_WORKSPACE_HOME": "/home"}.items():
        monkeypatch.setenv(name, value)
    assert connection.ensure() == connection.current() == given


def test_on_databricks_the_clients_find_their_own_credentials():
    found = Connection("https://example.cloud.databricks.com")
    assert not found.local
    assert found.environment() == {
        "DATABRICKS_HOST": "https://example.cloud.databricks.com",
        "MLFLOW_TRACKING_URI": "databricks",
        "MLFLOW_REGISTRY_URI": "databricks-uc",
    }


def test_a_profile_names_a_databricks_workspace(host, tmp_path, monkeypatch):
    file = tmp_path / "databrickscfg"
    file.write_text(f"[kitchens]\nhost = {host}\ntoken = secret\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(file))
    monkeypatch.setenv("DATABRICKS_CONFIG_PROFILE", "kitchens")
    assert connection.current() == connection.ensure() == Connection(host)


def test_without_a_workspace_nothing_is_found_and_nothing_made(home_root, monkeypatch):
    monkeypatch.setenv("CASPERS_HOME", str(home_root))
    assert connection.current() is None
    assert not home_root.exists()


def test_a_workspace_that_cannot_start_says_why(home_root, monkeypatch):
    home_root.mkdir()
    (home_root / "letter.txt").write_text("not a workspace")
    monkeypatch.setenv("CASPERS_HOME", str(home_root))
    with pytest.raises(RuntimeError, match="is not empty.*CASPERS_HOME"):
        connection.ensure()
    assert [file.name for file in home_root.iterdir()] == ["letter.txt"]


def test_the_running_workspace_is_found_also_from_its_own_environment(connected):
    found = connection.current()
    assert found is not None and found.local
    assert found.home == Path(connected["CASPERS_HOME"]).resolve()
    added = ("MLFLOW_TRACKING_TOKEN", "DATABRICKS_AUTH_TYPE", "no_proxy", "NO_PROXY")
    values = {name: value for name, value in found.environment().items() if name not in added}
    assert values.items() <= connected.items()
