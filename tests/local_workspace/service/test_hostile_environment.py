"""A workspace comes up, works and is left alone where a user's shell has everything set for other work.

The example of the package's README asks it too, and stops it: one start serves both.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_workspace.runtime import ports
from local_workspace.service import control
from model_workspace import LONG_HOME

pytestmark = [pytest.mark.slow, pytest.mark.starts_workspace]
README = Path(__file__).parents[3] / "lib/local_workspace/README.md"

NOTEBOOK = """
import locale, os, subprocess, sys, time
import pyspark
import matplotlib.pyplot
from databricks.sdk import WorkspaceClient
assert subprocess.check_output(["python", "-c", "import sys; print(sys.prefix)"], text=True).strip() == sys.prefix
print(WorkspaceClient().current_user.me().user_name, time.tzname[0], locale.getpreferredencoding(), "Zoë")
"""
# What a person's notebook does, in a process that has all of these variables too.
CLIENT = """
import json, os, sys
found = json.loads(sys.stdin.read())
for name in found.pop("unset"):
    del os.environ[name]
os.environ.update({name: value for name, value in found.items() if isinstance(value, str)})
sys.path[:] = [path for path in sys.path if path != os.environ["PYTHONPATH"]]
import io, psycopg
import nbformat
from databricks.connect import DatabricksSession
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs, postgres
from databricks.sdk.service.workspace import ImportFormat
w = WorkspaceClient()
w.api_client.do("POST", "/api/local/wait/spark")
w.catalogs.create("kitchens")
spark = DatabricksSession.builder.remote(os.environ["SPARK_REMOTE"]).getOrCreate()
spark.sql("CREATE SCHEMA IF NOT EXISTS s")
spark.createDataFrame([(1, "Zoë")], "id INT, name STRING").write.saveAsTable("s.`t`")
row = spark.sql("SELECT name, current_timezone() AS zone FROM s.t").first()
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(sys.argv[1])])
w.workspace.mkdirs("/Users/zoë")
w.workspace.upload("/Users/zoë/n", io.BytesIO(nbformat.writes(book).encode()), format=ImportFormat.JUPYTER)
task = jobs.Task("t", notebook_task=jobs.NotebookTask("/Users/zoë/n"))
run = w.jobs.run_now(w.jobs.create(name="j", tasks=[task]).job_id).result()
output = w.jobs.get_run_output(run.tasks[0].run_id)
w.postgres.create_project(postgres.Project(spec=postgres.ProjectSpec(display_name="p")), "p").wait()
endpoint = "projects/p/branches/production/endpoints/primary"
host, _, port = w.postgres.get_endpoint(endpoint).status.hosts.host.partition(":")
token = w.postgres.generate_database_credential(endpoint).token
given = {"host": host, "port": port or 5432, "sslmode": "require", "password": token, "dbname": "postgres"}
with psycopg.connect(**given, user=w.current_user.me().user_name) as database:
    collation = database.execute("SELECT datlocale FROM pg_database WHERE datname = 'postgres'").fetchone()[0]
print(json.dumps([row.name, row.zone, output.error or output.notebook_output.result, collation]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def own(folder: Path) -> dict[str, str]:
    """The variables of the workspace that is started."""
    return {"LOCAL_WORKSPACE_HOME": str(folder / LONG_HOME), "LOCAL_WORKSPACE_PORT": str(ports.free())}


@pytest.fixture(scope="module")
def environment(folder: Path, own: dict[str, str]) -> dict[str, str]:
    """Everything at once."""
    broken = folder / "packages"
    for name in ("pyspark", "papermill", "mlflow"):
        (broken / name).mkdir(parents=True)
        (broken / name / "__init__.py").write_text("raise ImportError('another one')")
    long = folder / ("t" * 90)
    long.mkdir()
    (folder / "databrickscfg").write_text("[prod]\nhost = https://prod.example\nauth_type = databricks-cli\n")
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    return {
        **kept,
        **own,
        **proxies,
        **{"no_proxy": "*", "HOME": "/nowhere", "TMPDIR": str(long), "TZ": "Asia/Kolkata", "LC_ALL": "C"},
        **{"PYTHONPATH": str(broken), "PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "error", "PATH": "/usr/bin:/bin"},
        **{"SPARK_HOME": "/opt/spark", "SPARK_LOCAL_DIRS": "/nowhere", "PYSPARK_PYTHON": "/usr/bin/python2"},
        **{"JAVA_HOME": "/usr/lib/jvm/java-8", "JAVA_TOOL_OPTIONS": "-Xmx64m", "_JAVA_OPTIONS": "-Xno-such-option"},
        **{
            "DATABRICKS_HOST": "https://prod.example",
            "DATABRICKS_CONFIG_PROFILE": "prod",
            "DATABRICKS_CLUSTER_ID": "1",
        },
        **{"DATABRICKS_CONFIG_FILE": str(folder / "databrickscfg"), "DATABRICKS_SERVERLESS_COMPUTE_ID": "auto"},
        **{"DATABRICKS_CLIENT_ID": "x", "DATABRICKS_CLIENT_SECRET": "y", "DATABRICKS_AUTH_TYPE": "databricks-cli"},
        **{"ARM_CLIENT_ID": "x", "ARM_CLIENT_SECRET": "y", "ARM_TENANT_ID": "z", "GOOGLE_CREDENTIALS": "{}"},
        **{"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "x", "MLFLOW_EXPERIMENT_ID": "77"},
        **{"PGHOST": "/nowhere", "PGSSLMODE": "require", "WEB_CONCURRENCY": "4", "MPLBACKEND": "TkAgg"},
        **{"JUPYTER_PATH": str(broken), "IPYTHONDIR": "/nowhere"},
    }


@pytest.fixture(scope="module")
def python(environment: dict[str, str], folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=folder,
            umask=0o077,
            input=given,
            encoding="utf-8",
            capture_output=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def started(python, own) -> Iterator[subprocess.CompletedProcess[str]]:
    yield python("-m", "local_workspace", "up", "--json")
    python("-m", "local_workspace", "destroy", "--home", own["LOCAL_WORKSPACE_HOME"])
    assert not Path(own["LOCAL_WORKSPACE_HOME"]).exists()


def test_a_workspace_in_a_shell_that_has_everything_set_for_other_work(python, started):
    assert started.returncode == 0, started.stdout + started.stderr
    assert "DATABRICKS_CLUSTER_ID" in json.loads(started.stdout)["unset"]
    done = python("-W", "default", "-c", CLIENT, NOTEBOOK, given=started.stdout)
    assert done.returncode == 0, done.stderr
    name, zone, printed, collation = json.loads(done.stdout.splitlines()[-1])
    assert (name, zone, collation) == ("Zoë", "UTC", "C.UTF-8")
    assert printed.strip() == "you@localhost UTC utf-8 Zoë"


def test_the_readmes_first_example_asks_a_workspace_and_stops_it(started, own):
    assert own["LOCAL_WORKSPACE_PORT"] in started.stderr
    example, _ = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)
    done = subprocess.run(
        [sys.executable, "-c", example], env=os.environ | own, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[['42']]"]
    assert control.find(Path(own["LOCAL_WORKSPACE_HOME"])) is None
