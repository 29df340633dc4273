"""A workspace whose disk fills up to the last byte: what it says, and that nothing is lost or doubled by it."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, ResourceExhausted
from databricks.sdk.service import jobs
from databricks.sdk.service import postgres as pg
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.sql import StatementState, StatementStatus

from disks import GIB, fill, small_disk
from fault_reading import connect
from local_workspace.service import control
from waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.starts_workspace]
PROJECT, CATALOG = "desk", "kitchens"
ENOUGH = "INSERT INTO lake.orders SELECT id, repeat('x', 100) FROM range({}, {})"
DOWN = (DatabricksError, OSError, psycopg.Error)
ONLINE = "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE"
CONTINUOUS = pg.SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk on which a workspace may just start."""
    with small_disk(tmp_path_factory.mktemp("full"), 3 * GIB) as mounted:
        yield mounted


@pytest.fixture(scope="module")
def root(disk: Path) -> Iterator[Path]:
    yield disk / "home"
    control.destroy(disk / "home")


@pytest.fixture(scope="module")
def w(root: Path) -> WorkspaceClient:
    """The client of a workspace with a table of ten orders, which Postgres has too."""
    found = control.start(root, lambda message: print(message, file=sys.stderr))
    client = WorkspaceClient(host=found["DATABRICKS_HOST"], token=found["DATABRICKS_TOKEN"], auth_type="pat")
    client.api_client.do("POST", "/api/local/wait/spark")
    client.api_client.do("POST", "/api/local/wait/mlflow")
    client.warehouses.create(name="starter")
    client.workspace.mkdirs("/Users/you")
    client.catalogs.create(CATALOG)
    client.schemas.create("lake", CATALOG)
    client.volumes.create(CATALOG, "lake", "files", VolumeType.MANAGED)
    for statement in (
        "CREATE TABLE lake.orders (id BIGINT, text STRING) TBLPROPERTIES (delta.enableChangeDataFeed = true)",
        ENOUGH.format(0, 10),
    ):
        assert run(client, statement).state == StatementState.SUCCEEDED
    client.postgres.create_project(pg.Project(spec=pg.ProjectSpec(display_name=PROJECT)), PROJECT).wait()
    in_postgres = pg.CatalogCatalogSpec(
        postgres_database=PROJECT,
        branch=f"projects/{PROJECT}/branches/production",
        create_database_if_missing=True,
    )
    client.postgres.create_catalog(pg.Catalog(spec=in_postgres), PROJECT).wait()
    copied = pg.SyncedTableSyncedTableSpec(
        source_table_full_name=f"{CATALOG}.lake.orders",
        primary_key_columns=["id"],
        scheduling_policy=CONTINUOUS,
        new_pipeline_spec=pg.NewPipelineSpec(storage_catalog=CATALOG, storage_schema="lake"),
    )
    client.postgres.create_synced_table(pg.SyncedTable(spec=copied), f"{PROJECT}.lake.orders").wait()
    eventually(lambda: in_the_copy(client), 10, ignoring=DOWN)
    return client


@pytest.fixture
def filled(disk: Path, w: WorkspaceClient) -> Iterator[Callable[[int], Path]]:
    """Fills the disk, except for so many bytes; it has room again after the test."""
    yield lambda leave: fill(disk, leave)
    (disk / "filler").unlink(missing_ok=True)


def run(w: WorkspaceClient, statement: str) -> StatementStatus:
    warehouse = next(iter(w.warehouses.list()))
    return w.statement_execution.execute_statement(statement, warehouse.id, wait_timeout="50s").status


def rows(w: WorkspaceClient) -> int:
    warehouse = next(iter(w.warehouses.list()))
    counted = "SELECT count(DISTINCT id), count(*) FROM lake.orders"
    [[distinct, all_rows]] = w.statement_execution.execute_statement(counted, warehouse.id).result.data_array
    assert distinct == all_rows
    return int(all_rows)


def in_the_copy(w: WorkspaceClient) -> int:
    with connect(w, PROJECT) as connection:
        return connection.execute("SELECT count(*) FROM lake.orders").fetchone()[0]


def test_with_too_little_room_it_says_how_much_is_missing_and_starts_no_run(w, root, filled):
    filled(GIB // 2)
    disk = w.api_client.do("GET", "/api/local/health")["disk"]
    assert disk["free_bytes"] < disk["needed_bytes"] == GIB
    assert f"GiB are free on the disk of {root}, 1.00 GiB are needed" in disk["message"]
    command = [sys.executable, "-m", "local_workspace", "status", "--home", str(root)]
    assert disk["message"][5:] in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    page = w.api_client.do("GET", "/compute", raw=True, headers={"Accept": "text/html"})["contents"].read().decode()
    assert "1.00 GiB are needed" in page
    task = jobs.Task("t", notebook_task=jobs.NotebookTask("/Users/n"))
    with pytest.raises(ResourceExhausted, match="Make room"):
        w.jobs.run_now(w.jobs.create(name="j", tasks=[task]).job_id)
    assert run(w, ENOUGH.format(10, 20)).state == StatementState.SUCCEEDED, "the rest is for what runs already"
    eventually(lambda: in_the_copy(w), 20, ignoring=DOWN)


def test_a_full_disk_refuses_what_does_not_fit_and_everything_goes_on_with_room(w, root, filled):
    before = rows(w)
    filler = filled(0)
    for write in (
        lambda: w.files.upload(f"/Volumes/{CATALOG}/lake/files/a", io.BytesIO(b"x" * 10_000_000), overwrite=True),
        lambda: w.workspace.upload("/Users/you/a.txt", io.BytesIO(b"x" * 5_000_000), overwrite=True),
        lambda: [w.experiments.create_experiment(f"/Users/{number}-{'x' * 400}") for number in range(100_000)],
    ):
        with pytest.raises(ResourceExhausted, match="disk of the workspace's home is full"):
            write()
    failed = run(w, ENOUGH.format(1000, 2_000_000))
    assert failed.state == StatementState.FAILED and "No space left" in failed.error.message
    assert failed.error.error_code.value == "RESOURCE_EXHAUSTED"
    with connect(w, PROJECT) as connection, pytest.raises(psycopg.Error):
        write_until_it_fails(connection)
    filler.unlink()
    eventually(lambda: in_the_copy(w), before, ignoring=DOWN)
    assert rows(w) == before and list(w.files.list_directory_contents(f"/Volumes/{CATALOG}/lake/files")) == []
    assert run(w, ENOUGH.format(1000, 1100)).state == StatementState.SUCCEEDED
    eventually(lambda: in_the_copy(w), before + 100, ignoring=DOWN)
    assert w.experiments.create_experiment("/Users/with-room").experiment_id
    states = {each["name"]: each["state"] for each in w.api_client.do("GET", "/api/local/engines")["engines"]}
    assert set(states.values()) == {"RUNNING"}, json.dumps(states)


def write_until_it_fails(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE big (text TEXT)")
    for _ in range(1000):
        connection.execute("INSERT INTO big SELECT repeat(md5(random()::text), 30) FROM generate_series(1, 10000)")
        connection.commit()
