"""Which of a user's variables reach the workspace's processes, and what its clients set and unset."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from local_workspace.runtime import environment
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes

LIB = str(Path(environment.__file__).parents[2])


@pytest.mark.parametrize(
    "name",
    [
        *("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "ARM_CLIENT_ID", "GOOGLE_CREDENTIALS"),
        *("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "PGHOST", "PGPASSWORD"),
        *("SPARK_HOME", "SPARK_LOCAL_DIRS", "PYSPARK_PYTHON", "PYSPARK_SUBMIT_ARGS", "HADOOP_USER_NAME"),
        *("JAVA_HOME", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONIOENCODING", "PYTHONWARNINGS", "PYTHONOPTIMIZE"),
        *("LANG", "LANGUAGE", "LC_CTYPE", "LC_NUMERIC"),
        *("JUPYTER_PATH", "JPY_PARENT_PID", "IPYTHONDIR", "MPLBACKEND"),
        *("UVICORN_PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "FLASK_APP", "STREAMLIT_SERVER_PORT"),
    ],
)
def test_settings_for_other_work_reach_no_child(name):
    assert name not in environment.of_child(ambient={name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        *("HOME", "USER", "https_proxy", "ALL_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "LD_LIBRARY_PATH"),
        *("OPENAI_API_KEY", "LANGCHAIN_API_KEY", "MY_OWN_SETTING", "PYTHONDONTWRITEBYTECODE", "UV_CACHE_DIR"),
    ],
)
def test_the_users_own_settings_and_the_machines_stay(name):
    assert environment.of_child(ambient={name: "x"})[name] == "x"


def test_what_an_engine_gives_comes_last():
    given = {"PYTHONPATH": "/spark", "LC_ALL": "C", "DATABRICKS_HOST": "http://127.0.0.1:1"}
    found = environment.of_child(given, {"PYTHONPATH": "/other", "LC_ALL": "de_DE", "DATABRICKS_HOST": "https://prod"})
    assert given.items() <= found.items()


def test_language_and_time_zone_are_those_of_databricks():
    found = environment.of_child(ambient={"TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.ISO-8859-9", "PYTHONUTF8": "0"})
    assert found["TZ"] == "UTC" and found["LC_ALL"].endswith(".UTF-8") and found["PYTHONUTF8"] == "1"


def test_this_pythons_programs_come_before_anothers():
    found = environment.of_child(ambient={"PATH": "/opt/old/bin"})
    assert found["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/opt/old/bin"]


def test_of_the_python_path_the_folder_of_this_package_stays():
    assert "PYTHONPATH" not in environment.of_child(ambient={"PYTHONPATH": "/broken"})
    assert environment.of_child(ambient={"PYTHONPATH": f"/broken{os.pathsep}{LIB}"})["PYTHONPATH"] == LIB


def test_folders_are_those_of_the_shell_that_named_them_also_relative_ones(tmp_path, monkeypatch):
    """Children have another working directory; a trailing slash or a link names the same folder."""
    (tmp_path / "package").symlink_to(LIB)
    monkeypatch.chdir(tmp_path)
    for spelling in (f"{LIB}/", "package", f"{tmp_path}/package"):
        assert environment.of_child(ambient={"PYTHONPATH": spelling})["PYTHONPATH"] == LIB
    found = environment.of_child(ambient={"TMPDIR": "package", "PATH": f"tools{os.pathsep}{os.pathsep}/bin"})
    assert found["TMPDIR"] == str(tmp_path / "package")
    assert found["PATH"].split(os.pathsep)[1:] == [str(tmp_path / "tools"), "/bin"]


def test_a_temporary_folder_that_is_not_there_is_left_out(tmp_path):
    assert environment.of_child(ambient={"TMPDIR": str(tmp_path)})["TMPDIR"] == str(tmp_path)
    assert "TMPDIR" not in environment.of_child(ambient={"TMPDIR": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    ("ambient", "hosts"),
    [
        ({}, "localhost,127.0.0.1"),
        ({"NO_PROXY": "a.example, .b.example"}, "a.example,.b.example,localhost,127.0.0.1"),
        ({"no_proxy": "127.0.0.0/8", "NO_PROXY": "a.example"}, "127.0.0.0/8,localhost,127.0.0.1"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_this_machine_is_reached_without_the_proxy(ambient, hosts):
    found = environment.of_child(ambient=ambient)
    assert found["no_proxy"] == found["NO_PROXY"] == hosts
    assert environment.beside_proxy(found) == environment.beside_proxy(ambient), "a second time changes nothing"


@pytest.mark.parametrize("user", [{}, {"no_proxy": "*"}, {"no_grpc_proxy": "a.example"}])
def test_spark_is_reached_without_the_proxy(user):
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ambient = {**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", **user}
    code = f"import grpc; grpc.channel_ready_future(grpc.insecure_channel('localhost:{port}')).result(10)"
    try:
        subprocess.run([sys.executable, "-c", code], env=environment.of_child(ambient=ambient), check=True)
    finally:
        server.stop(None).wait()


def test_a_client_sets_what_finds_the_workspace_and_unsets_what_finds_another():
    ambient = {
        **{"DATABRICKS_HOST": "https://prod.example", "DATABRICKS_CONFIG_PROFILE": "prod"},
        **{"DATABRICKS_CLUSTER_ID": "1", "DATABRICKS_CONFIG_FILE": "/etc/cfg"},
        **{"MLFLOW_TRACKING_USERNAME": "ann", "PGSSLROOTCERT": "/ca", "HOME": "/home/ann", "NO_PROXY": "a.example"},
    }
    added, away = environment.of_client({"DATABRICKS_HOST": "http://127.0.0.1:1"}, ambient)
    hosts = "a.example,localhost,127.0.0.1"
    assert added == {"DATABRICKS_HOST": "http://127.0.0.1:1", "no_proxy": hosts, "NO_PROXY": hosts}
    assert away == ["DATABRICKS_CLUSTER_ID", "DATABRICKS_CONFIG_PROFILE", "MLFLOW_TRACKING_USERNAME", "PGSSLROOTCERT"]


def test_every_child_gets_this_environment(home_root, monkeypatch):
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1k")
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    code = "import json, os, time; print(json.dumps([dict(os.environ), time.tzname]))"
    child = Processes(open_home(home_root)).spawn("curious", [sys.executable, "-c", code], {"GIVEN": "yes"})
    assert child.wait(60) == 0
    variables, zone = json.loads(child.log.read_text())
    assert variables["GIVEN"] == "yes" and "JAVA_TOOL_OPTIONS" not in variables
    assert zone == ["UTC", "UTC"]
    child.terminate()
