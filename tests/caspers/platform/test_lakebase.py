"""The workbook's Lakebase helpers against real Postgres instances."""

from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import Mock

import polars as pl
import psycopg
import pytest
from databricks.sdk.errors import BadRequest
from databricks.sdk.service import postgres as pg

from caspers.platform import grants, lakebase
from lakebase_workspace import LakebaseWorkspace, make_database

PROJECT, CATALOG, DATABASE = "my-devrefundmanager", "my_devrefundmanager", "caspers"
ONLINE = pg.SyncedTableState.SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("lakebase-helpers") / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def ws(workspace) -> SimpleNamespace:
    make_database(workspace.w, PROJECT, CATALOG, DATABASE)
    return SimpleNamespace(w=workspace.w)


@pytest.fixture
def connection(ws) -> Iterator[psycopg.Connection]:
    with lakebase.connect(ws, PROJECT, DATABASE) as made:
        yield made


@pytest.mark.parametrize(
    ("catalog", "name"),
    [
        ("caspersdev", "caspersdevrefundmanager"),
        ("my_dev", "my-devrefundmanager"),
        ("My_Dev", "my-devrefundmanager"),
        ("_dev", "c-devrefundmanager"),
    ],
)
def test_a_catalogs_name_becomes_a_projects(catalog, name):
    assert lakebase.project_id(catalog, "refundmanager") == name


def test_find_gives_what_is_there(ws):
    project, catalog = f"projects/{PROJECT}", f"catalogs/{CATALOG}"
    assert lakebase.find(ws.w.postgres.get_project, project).name == project
    assert lakebase.find(ws.w.postgres.get_catalog, catalog).status.postgres_database == DATABASE


def test_find_gives_none_for_what_is_not_there(ws):
    assert lakebase.find(ws.w.postgres.get_project, "projects/nothing") is None


def test_a_connection_is_the_users_own(ws, connection):
    user = ws.w.current_user.me().user_name
    assert connection.execute("SELECT current_user, current_database()").fetchone() == (user, DATABASE)
    assert connection.autocommit


def test_a_synced_table_is_made_once_and_its_rows_arrive(workspace, ws, connection):
    workspace.write("kitchen.orders", pl.DataFrame({"order_id": ["a", "b"]}))
    name = f"{CATALOG}.kitchen.orders"
    first = lakebase.ensure_synced_table(ws, name, "my_dev.kitchen.orders", ["order_id"])
    assert lakebase.ensure_synced_table(ws, name, "my_dev.kitchen.orders", ["order_id"]).uid == first.uid
    assert lakebase.wait_online(ws, name).status.last_processed_commit_version == 0
    with pytest.raises(ValueError, match="follows my_dev.kitchen.orders, not my_dev.kitchen.others"):
        lakebase.ensure_synced_table(ws, name, "my_dev.kitchen.others", ["order_id"])
    workspace.write("kitchen.orders", pl.DataFrame({"order_id": ["c"]}))
    query = "SELECT order_id FROM kitchen.orders ORDER BY 1"
    assert lakebase.wait_for_rows(connection, query, lambda rows: len(rows) == 3) >= 0
    assert connection.execute(query).fetchall() == [("a",), ("b",), ("c",)]


def test_a_sync_that_follows_again_is_awaited():
    states = [pg.SyncedTableState.SYNCED_TABLE_ONLINE_PIPELINE_FAILED, ONLINE]
    found = [pg.SyncedTable(status=pg.SyncedTableSyncedTableStatus(detailed_state=state)) for state in states]
    api = Mock(get_synced_table=Mock(side_effect=found))
    workbook = SimpleNamespace(w=SimpleNamespace(postgres=api))
    assert lakebase.wait_following(workbook, "a.b.c").status.detailed_state is ONLINE
    api.get_synced_table.assert_called_with("synced_tables/a.b.c")


def test_a_missing_source_is_named(ws):
    with pytest.raises(BadRequest, match="my_dev.kitchen.nothing does not exist"):
        lakebase.ensure_synced_table(ws, f"{CATALOG}.kitchen.nothing", "my_dev.kitchen.nothing", ["id"])


def test_waiting_ends_with_what_was_seen(connection):
    with pytest.raises(TimeoutError, match=r"still \[\(1,\)\]"):
        lakebase.wait_for_rows(connection, "SELECT 1", lambda rows: rows == [(2,)], timeout=0.1)
    with pytest.raises(TimeoutError, match=r"still \[\]"):
        lakebase.wait_for_rows(connection, "SELECT 1 FROM kitchen.absent", bool, timeout=0.1)


def test_a_failed_sync_is_reported(workspace, ws):
    workspace.write("kitchen.spoilt", pl.DataFrame({"order_id": ["a\0b"]}))  # Postgres' text can't hold a NUL
    name = f"{CATALOG}.kitchen.spoilt"
    lakebase.ensure_synced_table(ws, name, "my_dev.kitchen.spoilt", ["order_id"])
    with pytest.raises(RuntimeError, match="SYNCED_TABLE_OFFLINE_FAILED: .*NUL"):
        lakebase.wait_online(ws, name)


def test_a_principal_reads_one_table_and_writes_its_own_schema_only(workspace, ws, connection):
    for table in ("kitchen.open", "kitchen.closed"):
        workspace.write(table, pl.DataFrame({"order_id": ["a"]}))
        lakebase.ensure_synced_table(ws, f"{CATALOG}.{table}", f"my_dev.{table}", ["order_id"])
        lakebase.wait_online(ws, f"{CATALOG}.{table}")
    for _ in range(2):
        grants.let_into_database(ws, "app-manager", PROJECT, DATABASE, "kitchen.open")
    password = workspace.engine.credential(PROJECT, "app-manager")["token"]
    info = connection.info
    with psycopg.connect(
        host=info.host, port=info.port, dbname=DATABASE, user="app-manager", password=password, autocommit=True
    ) as app:
        assert app.execute("SELECT * FROM kitchen.open").fetchall() == [("a",)]
        app.execute("CREATE SCHEMA own")
        for statement in (
            "SELECT * FROM kitchen.closed",
            "UPDATE kitchen.open SET order_id = 'b'",
            "CREATE TABLE kitchen.mine (n int)",
            "SELECT * FROM _sync.positions",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
