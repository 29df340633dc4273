import json
import os
import stat
import subprocess
import sys

import psutil
import pytest
from databricks.sdk import WorkspaceClient

from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import started
from local_workspace.service import control
from waiting import eventually, has_ended


def quiet(message: str) -> None:
    assert message


@pytest.fixture
def running(home_root):
    yield control.start(home_root, quiet)
    control.destroy(home_root)


def listeners(pid: int) -> set[str]:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that does not answer, as a company's environment names it; before anything starts."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")  # not every client knows this form


def test_a_workspace_lives_stops_and_comes_back_with_its_resources(proxy, home_root, running, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # for this test's own client
    w = WorkspaceClient(host=running["DATABRICKS_HOST"], token=running["DATABRICKS_TOKEN"])
    assert control.start(home_root, quiet)["pid"] == running["pid"], "a second start finds the first"
    assert stat.S_IMODE((home_root / "connection.json").stat().st_mode) == 0o600
    w.api_client.do("POST", "/api/local/wait/spark")
    w.catalogs.create("kept")
    machine = w.service_principals.create(display_name="kept")
    secret = w.service_principal_secrets_proxy.create(machine.id).secret
    family = [psutil.Process(running["pid"]), *psutil.Process(running["pid"]).children(recursive=True)]
    assert {address.removeprefix("::ffff:") for address in listeners(running["pid"])} == {"127.0.0.1"}

    family[0].terminate()  # it ends what it started itself: `control.stop` would also end what it left
    eventually(lambda: [process for process in family if not has_ended(process)], [])
    assert control.find(home_root) is None and not control.stop(home_root)

    again = control.start(home_root, quiet)
    assert again["DATABRICKS_HOST"] == running["DATABRICKS_HOST"], "the ports stay"
    assert [catalog.name for catalog in w.catalogs.list()] == ["kept"]
    theirs = WorkspaceClient(host=again["DATABRICKS_HOST"], client_id=machine.application_id, client_secret=secret)
    assert theirs.current_user.me().user_name == machine.application_id

    killed = psutil.Process(again["pid"])
    killed.kill()
    eventually(lambda: has_ended(killed))
    after_kill = control.start(home_root, quiet)
    assert after_kill["pid"] != again["pid"]
    # Its port may have gone to another process of a busy machine meanwhile.
    w = WorkspaceClient(host=after_kill["DATABRICKS_HOST"], token=after_kill["DATABRICKS_TOKEN"], auth_type="pat")
    assert [catalog.name for catalog in w.catalogs.list()] == ["kept"]


def test_a_home_on_a_disk_that_keeps_no_permissions_is_refused_before_anything_starts(home_root, monkeypatch):
    # As /mnt/c in WSL: Postgres would refuse it much later.
    monkeypatch.setattr("pathlib.Path.chmod", lambda path, _: os.chmod(path, 0o777))
    with pytest.raises(SetupError, match="does not keep permissions.*--home"):
        control.start(home_root, quiet)
    assert not (home_root / "connection.json").exists()


def test_destroy_refuses_a_directory_that_is_no_home(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SetupError, match="no workspace home"):
        control.destroy(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_nothing_runs_where_no_home_is(home_root):
    assert control.find(home_root) is None
    assert not control.stop(home_root)


@pytest.mark.parametrize("call", [control.find, control.stop, control.destroy, lambda root: control.start(root, quiet)])
@pytest.mark.parametrize("content", ["", '{"pid": 12', "[]", '"text"', '{"pid": 12, "started": 1.0}', "\xff"])
def test_a_damaged_connection_file_is_an_error_that_names_it(home_root, content, call):
    file = open_home(home_root).connection
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(SetupError, match="connection.json is damaged.*remove.*and start the workspace again"):
        call(home_root)
    assert file.read_bytes() == content.encode("latin-1"), "nothing is removed that may be of use"


def test_a_connection_file_of_a_process_that_is_gone_means_not_running(home_root):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    since = started(psutil.Process(gone.pid))
    gone.wait()
    connection = {"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_TOKEN": "t", "pid": gone.pid, "started": since}
    open_home(home_root).connection.write_text(json.dumps(connection))
    assert control.find(home_root) is None
    assert not control.stop(home_root)


def test_a_service_that_nobody_asks_for_after_its_end_is_stopped_all_the_same(home_root):
    home = open_home(home_root)
    code = (
        "import signal, subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); "
        "print(child.pid, flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        service = psutil.Process(int(parent.stdout.readline()))
        connection = {"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_TOKEN": "t", "pid": service.pid}
        home.connection.write_text(json.dumps({**connection, "started": started(service)}))
        assert control.stop(home_root)
        assert service.status() == psutil.STATUS_ZOMBIE
        assert not control.is_running(home_root) and not home.connection.exists()
        parent.kill()
