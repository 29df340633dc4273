"""How the API describes Lakebase resources: the official client reads every shape."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from databricks.sdk.service import postgres as pg

from local_workspace.engines.postgres import shapes
from local_workspace.engines.sync.worker import Progress

TIMES = {"uid": "u-1", "create_time": "2026-05-01T12:00:00.000Z"}
PROJECT = {"project_id": "p", "display_name": "P", "port": 1, "owner": "you@localhost", "pg_version": 18, **TIMES}
TABLE = {
    "id": "c.s.t",
    "project": "p",
    "database": "d",
    "schema": "s",
    "table": "t",
    "key": ["a", "b"],
    "source": "lake.s.t",
    "source_schema": "s",
    "source_table": "t",
    "path": "/tables/t",
    **TIMES,
}
BRANCH = "projects/p/branches/production"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ONLINE = Progress(version=7, committed=NOON, began=NOON, ended=NOON, rows=3)


def test_a_project_names_its_owner_and_branch_and_hides_its_port():
    shown = shapes.project(PROJECT)
    status = pg.Project.from_dict(shown).status
    assert (status.owner, status.default_branch, status.pg_version) == ("you@localhost", BRANCH, 18)
    assert "port" not in shown


def test_a_branch_is_ready_and_the_default():
    branch = pg.Branch.from_dict(shapes.branch(PROJECT))
    assert (branch.name, branch.parent, branch.status.default) == (BRANCH, "projects/p", True)
    assert branch.status.current_state is pg.BranchStatusState.READY


def test_an_endpoint_has_its_host():
    endpoint = pg.Endpoint.from_dict(shapes.endpoint(PROJECT, "127.3.2.1"))
    assert (endpoint.name, endpoint.status.hosts.host) == (f"{BRANCH}/endpoints/primary", "127.3.2.1")


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [("you@localhost", "you-localhost", "USER"), ("app-refunds", "app-refunds", "SERVICE_PRINCIPAL")],
)
def test_a_role_is_a_user_or_a_service_principal(name, path, kind):
    role = pg.Role.from_dict(shapes.role("p", name))
    assert (role.name, role.status.postgres_role) == (f"{BRANCH}/roles/{path}", name)
    assert role.status.identity_type.value == kind


def test_a_database_names_its_owners_role():
    doc = {"project": "p", "name": "my_data", "id": "my-data", "role": "you@localhost"}
    database = pg.Database.from_dict(shapes.database(doc))
    assert database.name == f"{BRANCH}/databases/my-data"
    assert (database.status.postgres_database, database.status.role) == ("my_data", f"{BRANCH}/roles/you-localhost")


def test_a_catalog_names_its_branch_and_database():
    catalog = pg.Catalog.from_dict(shapes.catalog({"catalog_id": "c", "project": "p", "database": "d", **TIMES}))
    assert (catalog.name, catalog.status.branch, catalog.status.postgres_database) == ("catalogs/c", BRANCH, "d")


@pytest.mark.parametrize(
    ("progress", "newest", "state", "message"),
    [
        (Progress(), 3, "PROVISIONING_INITIAL_SNAPSHOT", "The first snapshot is being written."),
        (Progress(error="No table."), None, "OFFLINE_FAILED", "No table."),
        (ONLINE, 9, "ONLINE_CONTINUOUS_UPDATE", "Version 7 is visible, 2 behind the source."),
        (ONLINE, None, "ONLINE_CONTINUOUS_UPDATE", "Version 7 is visible."),
        (
            replace(ONLINE, left_out=2),
            None,
            "ONLINE_CONTINUOUS_UPDATE",
            "Version 7 is visible. 2 rows have NULL in the primary key: the sync leaves them out.",
        ),
        (Progress(7, NOON, NOON, NOON, error="Postgres is down."), 9, "ONLINE_PIPELINE_FAILED", "Postgres is down."),
    ],
)
def test_a_synced_table_says_how_it_stands(progress, newest, state, message):
    table = pg.SyncedTable.from_dict(shapes.synced_table(TABLE, progress, newest))
    assert (table.name, table.spec.primary_key_columns) == ("synced_tables/c.s.t", ["a", "b"])
    assert (table.status.detailed_state.value, table.status.message) == (f"SYNCED_TABLE_{state}", message)


def test_a_synced_tables_last_version_comes_with_its_times():
    status = shapes.synced_table(TABLE, ONLINE, 7)["status"]
    info = status["last_sync"]["delta_table_sync_info"]
    assert info == {"delta_commit_version": 7, "delta_commit_time": "2026-05-01T12:00:00.000Z"}
    assert status["last_sync_time"] == "2026-05-01T12:00:00.000Z" and status["last_processed_commit_version"] == 7
