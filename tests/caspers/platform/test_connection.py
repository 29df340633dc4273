"""Which workspace is used, and how clients are pointed at it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from caspers.platform import connection
from caspers.platform.connection import Connection


class NothingThere(BaseHTTPRequestHandler):
    """A host that has heard of nothing: the SDK asks it for its configuration first."""

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
    found = Connection("http://127.0.0.1:1", "secret", "sc://localhost:2", "http://127.0.0.1:1/mlflow", Path("/home"))
    assert found.local
    assert found.environment() == {
        "DATABRICKS_HOST": "http://127.0.0.1:1",
        "DATABRICKS_TOKEN": "secret",
        "SPARK_REMOTE": "sc://localhost:2",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1/mlflow",
        "MLFLOW_TRACKING_TOKEN": "secret",
    }


def test_on_databricks_the_clients_find_their_own_credentials():
    found = Connection("https://example.cloud.databricks.com")
    assert not found.local
    assert found.environment() == {
        "DATABRICKS_HOST": "https://example.cloud.databricks.com",
        "MLFLOW_TRACKING_URI": "databricks",
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
    with pytest.raises(RuntimeError, match="is not empty"):
        connection.ensure()
    assert [file.name for file in home_root.iterdir()] == ["letter.txt"]


def test_the_running_workspace_is_found_also_from_its_own_environment(connected):
    found = connection.current()
    assert found is not None and found.local
    assert found.home == Path(connected["CASPERS_HOME"]).resolve()
    assert found.environment().items() <= {**connected, "MLFLOW_TRACKING_TOKEN": found.token}.items()
