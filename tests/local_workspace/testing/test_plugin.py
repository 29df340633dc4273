"""The README's example of the plugin, and what `reset` leaves: nothing.

They run after all tests that share the workspace, and empty it.
"""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import catalog, jobs, pipelines, postgres, sql
from databricks.sdk.service.workspace import ImportFormat, Language

from local_workspace.service import control
from local_workspace.testing import DatabricksWorkspace
from local_workspace.testing.plugin import home_of_session

pytestmark = [pytest.mark.slow, pytest.mark.empties_workspace]
README = (Path(__file__).parents[3] / "lib/local_workspace/README.md").read_text()
_, EXAMPLE = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


def pytest_run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder, with temporary files of their own.

    A session that uses pytest's shared folder closes it to other users first, and Postgres runs as one in root's tests.
    """
    own = ["--basetemp", str(folder / "temporary")]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *own, *options]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=folder, env=kept, text=True, capture_output=True, check=False)


@pytest.fixture
def everything(workspace: dict[str, str]) -> Iterator[DatabricksWorkspace]:
    """The workspace that all tests have shared, with whatever they left."""
    root = Path(workspace["CASPERS_HOME"])
    found = DatabricksWorkspace(root, control.find(root) or {})
    yield found
    found.close()


def test_the_readmes_example_leaves_a_workspace_running_that_ran_before(workspace, spark, tmp_path):
    (tmp_path / "test_shop.py").write_text(EXAMPLE)
    done = pytest_run(tmp_path, "--databricks-home", workspace["CASPERS_HOME"])
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert control.find(Path(workspace["CASPERS_HOME"]))


def test_one_home_is_not_shared_by_processes(tmp_path):
    (tmp_path / "test_shop.py").write_text(EXAMPLE)
    done = pytest_run(tmp_path, "-n", "2", "--databricks-home", str(tmp_path / "home"))
    assert "--databricks-home is one workspace: leave it out, or run without pytest-xdist." in done.stdout


def test_a_home_of_the_sessions_own_outlives_the_start_of_another_session(tmp_path_factory):
    """Each session that starts closes the folder that they share, `pytest-of-USER`, to all other users."""
    with home_of_session() as home:
        home.mkdir()
        assert not home.is_relative_to(tmp_path_factory.getbasetemp())
        assert not [folder for folder in home.parents if folder.name.startswith("pytest-of-")]
    assert not home.parent.exists()


def make_one_of_each(w: WorkspaceClient, experiment: str) -> None:
    w.catalogs.create("shop")
    w.schemas.create("sales", "shop")
    for schema in ("default", "sales"):
        w.volumes.create("shop", schema, "files", catalog.VolumeType.MANAGED)
        w.registered_models.create(catalog_name="shop", schema_name=schema, name="model")
    warehouse = w.warehouses.create_and_wait(name="sql")
    for statement in (
        "CREATE TABLE shop.default.orders (id INT)",
        "CREATE FUNCTION shop.default.two() RETURNS INT RETURN 2",
    ):
        w.statement_execution.execute_statement(statement, warehouse.id, wait_timeout="50s")
    w.queries.create(
        query=sql.CreateQueryRequestQuery(display_name="q", warehouse_id=warehouse.id, query_text="SELECT 1")
    )
    w.workspace.mkdirs("/Users/you")
    source = io.BytesIO(b"# Databricks notebook source\nprint(1)")
    w.workspace.upload("/Users/you/plan", source, format=ImportFormat.SOURCE, language=Language.PYTHON)
    notebook = jobs.NotebookTask("/Users/you/plan")
    w.jobs.create(name="job", tasks=[jobs.Task(task_key="t", notebook_task=notebook)])
    w.jobs.submit(tasks=[jobs.SubmitTask(task_key="t", notebook_task=notebook)])
    w.pipelines.create(
        name="p",
        catalog="shop",
        schema="sales",
        libraries=[pipelines.PipelineLibrary(glob=pipelines.PathPattern("/Workspace/Users/you/**"))],
    )
    w.secrets.create_scope("keys")
    w.users.create(user_name="ana@example.com")
    w.service_principals.create(display_name="exporter")
    w.experiments.create_experiment(experiment)
    w.postgres.create_project(postgres.Project(), "shop").wait()


def names(w: WorkspaceClient) -> dict[str, list[object]]:
    """All that a workspace lists."""
    return {
        "catalogs": list(w.catalogs.list()),
        "queries": list(w.queries.list()),
        "warehouses": list(w.warehouses.list()),
        "jobs": list(w.jobs.list()),
        "runs": list(w.jobs.list_runs()),
        "pipelines": list(w.pipelines.list_pipelines()),
        "endpoints": list(w.serving_endpoints.list()),
        "apps": list(w.apps.list()),
        "scopes": list(w.secrets.list_scopes()),
        "users": [user for user in w.users.list() if user.user_name != w.current_user.me().user_name],
        "service principals": list(w.service_principals.list()),
        "projects": list(w.postgres.list_projects()),
        "experiments": [e.name for e in w.experiments.search_experiments(max_results=100) if e.name != "Default"],
    }


def test_reset_deletes_one_of_each_and_they_can_be_made_again(everything, spark):
    everything.reset()
    w = everything.client
    for experiment in ("/Users/you/first", "/Users/you/second"):  # MLflow keeps the name of a deleted one
        make_one_of_each(w, experiment)
        made = names(w)
        assert [kind for kind, found in made.items() if not found] == ["endpoints", "apps"]
        everything.reset()
        assert [kind for kind, found in names(w).items() if found] == []
    w.catalogs.create("another")
    assert [schema.name for schema in w.schemas.list("another")] == ["default", "information_schema"]
    assert list(w.tables.list("another", "default")) == []
    assert list(w.functions.list("another", "default")) == []
    everything.reset()
