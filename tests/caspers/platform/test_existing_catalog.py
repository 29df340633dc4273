"""The catalog of a notebook that is opened by hand where its own can't be created."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caspers import parameters
from caspers.platform import connection
from caspers.platform.connection import Connection
from catalog_server import Catalogs, serving

DEFAULT_STORAGE = "LOCAL_WORKSPACE_DEFAULT_STORAGE"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogs]:
    """One that is started on request; its catalogs are asked for at `current` only if it has been."""
    with serving() as server:
        found = Connection(f"http://127.0.0.1:{server.server_port}", "secret", home=Path("/home"))
        monkeypatch.setattr(connection, "ensure", lambda: found)
        monkeypatch.setattr(connection, "current", lambda: found if server.names else None)
        yield server


def received(**names: str) -> dict[str, object]:
    namespace: dict[str, object] = {"CATALOG": "caspersdev", "REFUND_AGENT_ENDPOINT_NAME": "caspers_refund_agent"}
    namespace |= names
    parameters.receive(namespace)
    return namespace


def test_a_notebook_uses_the_catalog_that_there_is_and_says_so(workspace, capsys) -> None:
    workspace.names = ("workspace",)
    names = received()
    assert names == {"CATALOG": "workspace", "REFUND_AGENT_ENDPOINT_NAME": "caspers_refund_agent_workspace"}
    assert capsys.readouterr().out == (
        "No catalog caspersdev can be created in this workspace. The notebook uses the one that it has: workspace\n"
    )


def test_a_workspace_with_default_storage_is_started_for_it(workspace, monkeypatch) -> None:
    monkeypatch.setenv(DEFAULT_STORAGE, "1")
    monkeypatch.setattr(connection, "current", lambda: pytest.fail("it is not running"))
    workspace.names = ("workspace",)
    assert received()["CATALOG"] == "workspace"


@pytest.mark.parametrize("there", [("caspersdev",), ()])
def test_a_catalog_that_is_there_or_can_be_created_is_kept(workspace, there, capsys) -> None:
    workspace.names = there
    assert received()["CATALOG"] == "caspersdev"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("default_storage", ["0", "1"])
def test_a_job_uses_the_catalog_that_there_is_too(default_storage, monkeypatch, capsys) -> None:
    monkeypatch.setenv(DEFAULT_STORAGE, default_storage)
    with serving() as server:
        host = f"http://127.0.0.1:{server.server_port}"
        for name, value in {
            "LOCAL_WORKSPACE_HOME": "/home",
            "DATABRICKS_HOST": host,
            "DATABRICKS_TOKEN": "of the job",
            "SPARK_REMOTE": "sc://localhost:2",
            "MLFLOW_TRACKING_URI": host,
        }.items():
            monkeypatch.setenv(name, value)
        server.names = ("workspace",)
        assert received()["CATALOG"] == "workspace"
    assert (server.tokens, "uses the one that it has: workspace" in capsys.readouterr().out) == (
        ("Bearer of the job",),
        True,
    )


def test_what_the_runbook_gives_is_kept(workspace, monkeypatch) -> None:
    monkeypatch.setenv("CASPERS_RUN", "x")
    workspace.names = ("workspace",)
    assert (received()["CATALOG"], workspace.tokens) == ("caspersdev", ())


def test_a_catalog_of_the_users_choice_is_kept(workspace) -> None:
    workspace.names = ("workspace",)
    assert received(CATALOG="mine")["CATALOG"] == "mine"


def test_on_databricks_the_user_chooses(workspace, monkeypatch) -> None:
    monkeypatch.setattr(connection, "current", lambda: Connection("http://127.0.0.1:1"))
    assert received()["CATALOG"] == "caspersdev"
