"""Lakebase projects, databases, catalogs and credentials, through the official client."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service import postgres as pg
from databricks.sdk.service.iam import AccessControlRequest, AccessControlResponse, PermissionLevel

from lakebase_workspace import BRANCH, CATALOG, PROJECT, TOKEN, USER, LakebaseWorkspace, server_pid, where
from local_workspace.engines.identity.documents import NOTHING_SAID
from local_workspace.engines.postgres.addresses import Address
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from waiting import eventually, has_ended


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("lakebase") / "home")
    made.make_database()
    yield made
    made.close()


def catalog(database: str, branch: str = BRANCH, make: bool = False) -> pg.Catalog:
    return pg.Catalog(
        spec=pg.CatalogCatalogSpec(postgres_database=database, branch=branch, create_database_if_missing=make)
    )


def test_a_project_comes_with_branch_endpoint_role_and_database(workspace):
    api = workspace.w.postgres
    assert api.get_project(f"projects/{PROJECT}").status.owner == USER
    assert [project.project_id for project in api.list_projects()] == [PROJECT]
    assert [branch.status.default for branch in api.list_branches(f"projects/{PROJECT}")] == [True]
    (endpoint,) = api.list_endpoints(BRANCH)
    assert endpoint.name == f"{BRANCH}/endpoints/primary"
    assert endpoint.status.hosts.host == workspace.engine.address(PROJECT)
    assert [role.status.postgres_role for role in api.list_roles(BRANCH)] == [USER]
    assert [database.status.postgres_database for database in api.list_databases(BRANCH)] == [
        "caspers",
        "databricks_postgres",
    ]


def test_the_user_connects_with_a_credential_and_owns_the_database(workspace):
    with workspace.connect() as connection:
        connection.execute("CREATE SCHEMA notes")
        connection.execute("CREATE TABLE notes.note AS SELECT 'kept' AS text")
        assert connection.execute("SELECT current_user, text FROM notes.note").fetchone() == (USER, "kept")
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    credential = workspace.w.postgres.generate_database_credential(f"{BRANCH}/endpoints/primary")
    ends = credential.expire_time.ToDatetime(tzinfo=UTC)
    assert timedelta(minutes=50) < ends - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize("user", [USER, "postgres"])
def test_a_wrong_password_is_refused(workspace, user):
    with pytest.raises(psycopg.OperationalError, match="authentication failed for user"):
        psycopg.connect(**where(workspace.engine.address(PROJECT)), user=user, password="guess", dbname="caspers")


def test_passwords_are_readable_by_their_owner_only(workspace):
    secret = workspace.home.postgres / f"{PROJECT}.secret"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_a_database_is_created_listed_and_deleted(workspace):
    api = workspace.w.postgres
    owner = next(iter(api.list_roles(BRANCH))).name
    wanted = pg.Database(spec=pg.DatabaseDatabaseSpec(role=owner, postgres_database="night_shift"))
    made = api.create_database(BRANCH, wanted, database_id="night-shift").wait()
    assert (made.database_id, made.status.postgres_database, made.status.role) == ("night-shift", "night_shift", owner)
    with pytest.raises(ResourceAlreadyExists, match="night_shift already exists"):
        api.create_database(BRANCH, wanted)
    api.delete_database(made.name).wait()
    with pytest.raises(NotFound, match="night-shift does not exist"):
        api.get_database(made.name)


def test_two_databases_never_have_one_id(workspace):
    """`tasting__menu` would be `tasting-menu` too, and a request for one of them would read or remove the other."""
    api = workspace.w.postgres
    owner = next(iter(api.list_roles(BRANCH))).name

    def wanted(name: str) -> pg.Database:
        return pg.Database(spec=pg.DatabaseDatabaseSpec(role=owner, postgres_database=name))

    made = api.create_database(BRANCH, wanted("tasting_menu")).wait()
    with pytest.raises(ResourceAlreadyExists, match="the id tasting-menu, which is that of tasting_menu"):
        api.create_database(BRANCH, wanted("tasting__menu"))
    with workspace.engine.running(PROJECT).connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE tasting__menu")
    for ask in (api.get_database, api.delete_database):
        with pytest.raises(BadRequest, match="tasting__menu, tasting_menu all have the id tasting-menu"):
            ask(made.name)
    given = workspace.engine.client_environment({"branch": BRANCH, "database": "tasting__menu"}, "app-manager")
    assert given["PGDATABASE"] == "tasting__menu"
    with workspace.engine.running(PROJECT).connect(autocommit=True) as connection:
        connection.execute("DROP DATABASE tasting__menu WITH (FORCE)")
    api.delete_database(made.name).wait()


def test_two_roles_never_have_one_id(workspace):
    kind = pg.RoleIdentityType.SERVICE_PRINCIPAL
    first, second = (
        pg.Role(spec=pg.RoleRoleSpec(postgres_role=name, identity_type=kind)) for name in ("line-cook", "line.cook")
    )
    workspace.w.postgres.create_role(BRANCH, first).wait()
    with pytest.raises(ResourceAlreadyExists, match="the id line-cook, which is that of line-cook"):
        workspace.w.postgres.create_role(BRANCH, second)


def test_listings_come_in_pages(workspace):
    api, listing = workspace.w.postgres, f"/api/2.0/postgres/{BRANCH}/databases"
    page = workspace.w.api_client.do("GET", listing, query={"page_size": 1})
    assert [database["database_id"] for database in page["databases"]] == ["caspers"] and page["next_page_token"]
    names = [database.database_id for database in api.list_databases(BRANCH, page_size=1)]
    assert names == ["caspers", "databricks-postgres"]


def test_a_synced_table_is_on_the_branch_of_its_catalog(workspace):
    spec = pg.SyncedTableSyncedTableSpec(
        source_table_full_name="lake.a.b",
        primary_key_columns=["id"],
        scheduling_policy=pg.SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS,
        branch="projects/another/branches/production",
    )
    with pytest.raises(BadRequest, match=f"Catalog {CATALOG} is on {BRANCH}, not on projects/another"):
        workspace.w.postgres.create_synced_table(pg.SyncedTable(spec=spec), f"{CATALOG}.a.b")


def test_a_catalog_shows_one_database(workspace):
    api = workspace.w.postgres
    assert api.get_catalog(f"catalogs/{CATALOG}").status.postgres_database == "caspers"
    with pytest.raises(ResourceAlreadyExists, match=f"already catalog {CATALOG}"):
        api.create_catalog(catalog("caspers"), "another")
    with pytest.raises(NotFound, match="nowhere does not exist"):
        api.create_catalog(catalog("nowhere"), "another")
    with pytest.raises(BadRequest, match=f"registered as catalog {CATALOG}"):
        api.delete_database(f"{BRANCH}/databases/caspers")


@pytest.mark.parametrize("name", ["My-Project", "my_project", "1st", "a" * 64, "x'; DROP"])
def test_a_bad_project_name_is_named(workspace, name):
    with pytest.raises(BadRequest, match="lower-case letters, digits and hyphens"):
        workspace.w.postgres.create_project(pg.Project(), name)
    assert len(list(workspace.w.postgres.list_projects())) == 1


def test_what_is_not_there_or_there_already_is_named(workspace):
    api = workspace.w.postgres
    with pytest.raises(ResourceAlreadyExists, match=PROJECT):
        api.create_project(pg.Project(), PROJECT)
    with pytest.raises(NotFound, match="nothing"):
        api.get_project("projects/nothing")
    with pytest.raises(NotFound, match="dev does not exist"):
        api.get_branch(f"projects/{PROJECT}/branches/dev")
    with pytest.raises(BadRequest, match="has that one branch|that one branch"):
        api.create_catalog(catalog("caspers", f"projects/{PROJECT}/branches/dev"), "another")
    with pytest.raises(BadRequest, match="lacks postgres_database"):
        api.create_catalog(catalog(""), "another")


@pytest.fixture
def app_client(workspace) -> Callable[[str], WorkspaceClient]:
    """A client that signs in as an app does."""

    def sign_in(secret: str) -> WorkspaceClient:
        return WorkspaceClient(host=workspace.w.config.host, client_id="app-manager", client_secret=secret)

    return sign_in


def test_an_app_signs_in_with_its_secret_and_is_itself(workspace, app_client):
    me = app_client(principals.secret(TOKEN, "app-manager"))
    assert me.current_user.me().user_name == "app-manager"
    assert workspace.w.current_user.me().user_name == USER
    with pytest.raises(ValueError):
        app_client(principals.secret(TOKEN, "app-other")).current_user.me()


def test_tokens_end_and_can_not_be_made_up(monkeypatch):
    token = principals.access_token(TOKEN, "app-manager")
    assert principals.holder(TOKEN, token) == "app-manager"
    assert principals.holder(TOKEN, token.replace("manager", "host")) is None
    assert [principals.holder(TOKEN, wrong) for wrong in ("", "..", "app-manager.9999999999.", TOKEN)] == [None] * 4
    monkeypatch.setattr(principals, "TOKEN_LIFE", -1)
    assert principals.holder(TOKEN, principals.access_token(TOKEN, "app-manager")) is None


def test_an_app_gets_the_variables_of_its_database_and_may_connect(workspace, app_client):
    resource = {"branch": BRANCH, "database": f"{BRANCH}/databases/caspers"}
    given = workspace.engine.client_environment(resource, "app-manager")
    address = {"host": given["PGHOST"], "port": int(given["PGPORT"]), "sslmode": given["PGSSLMODE"]}
    assert address == where(workspace.engine.address(PROJECT))
    assert (given["PGUSER"], given["PGDATABASE"]) == ("app-manager", "caspers")
    password = (
        app_client(principals.secret(TOKEN, "app-manager"))
        .postgres.generate_database_credential(f"{BRANCH}/endpoints/primary")
        .token
    )
    with psycopg.connect(**address, user="app-manager", dbname="caspers", password=password) as connection:
        connection.execute("CREATE SCHEMA own")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (n int)")


def test_an_oauth_token_is_the_password_of_its_holders_role_alone(workspace):
    given = workspace.engine.client_environment({"branch": BRANCH, "database": "caspers"}, "app-manager")

    def current_user(role, password):
        with psycopg.connect(
            host=given["PGHOST"], port=given["PGPORT"], dbname="caspers", user=role, password=password
        ) as connection:
            return connection.execute("SELECT current_user").fetchone()

    apps, users = principals.access_token(TOKEN, "app-manager"), principals.access_token(TOKEN, None)
    assert current_user("app-manager", apps) == ("app-manager",)
    assert current_user(USER, users) == (USER,)
    for role, password in (
        ("app-manager", users),
        (USER, apps),
        ("postgres", users),
        ("app-manager", principals.access_token("another workspace", "app-manager")),
        (USER, principals.access_token(TOKEN, None, "an-app")),
        (USER, "guessed"),
        ("nobody", ""),
        (USER, "é" * 64),
    ):
        with pytest.raises(psycopg.OperationalError):
            current_user(role, password)


def test_another_user_gets_a_role_and_connects_with_a_token_of_their_own(workspace):
    ana = workspace.identity.create("Users", "ana@example.com", NOTHING_SAID)
    token = principals.access_token(TOKEN, principals.of_user(ana["id"]))
    theirs = WorkspaceClient(host=workspace.w.config.host, token=token)
    kind = pg.RoleIdentityType.USER
    spec = pg.RoleRoleSpec(postgres_role="ana@example.com", identity_type=kind)
    made = workspace.w.postgres.create_role(BRANCH, pg.Role(spec=spec)).wait()
    assert (made.status.postgres_role, made.status.identity_type) == ("ana@example.com", kind)
    can_use = AccessControlRequest(user_name="ana@example.com", permission_level=PermissionLevel.CAN_USE)
    workspace.w.permissions.update("database-projects", PROJECT, access_control_list=[can_use])
    password = theirs.postgres.generate_database_credential(f"{BRANCH}/endpoints/primary").token
    address = where(workspace.engine.address(PROJECT))
    for secret in (password, token):
        with psycopg.connect(**address, user="ana@example.com", dbname="caspers", password=secret) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("ana@example.com",)
    workspace.identity.delete("Users", ana["id"])
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**address, user="ana@example.com", dbname="caspers", password=token)


def levels(entries: list[AccessControlResponse]) -> dict[str, list[PermissionLevel]]:
    return {
        entry.display_name or entry.group_name: [p.permission_level for p in entry.all_permissions] for entry in entries
    }


def test_a_project_has_permissions_apart_from_roles(workspace):
    api, known = workspace.w.permissions, f"projects/{PROJECT}"
    workspace.engine.create_role(PROJECT, "app-guest")
    secret = principals.secret(TOKEN, "app-guest")
    guest = WorkspaceClient(host=workspace.w.config.host, client_id="app-guest", client_secret=secret)
    for call in (
        lambda: guest.postgres.get_project(known),
        lambda: guest.postgres.generate_database_credential(f"{BRANCH}/endpoints/primary"),
        lambda: guest.permissions.get("database-projects", PROJECT),
    ):
        with pytest.raises(PermissionDenied, match=f"app-guest does not have CAN_.* on the project '{PROJECT}'"):
            call()
    can_use = AccessControlRequest(service_principal_name="app-guest", permission_level=PermissionLevel.CAN_USE)
    api.update("database-projects", PROJECT, access_control_list=[can_use])
    assert guest.postgres.get_project(known).name == known
    assert guest.postgres.generate_database_credential(f"{BRANCH}/endpoints/primary").token
    with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
        guest.postgres.delete_database(f"{BRANCH}/databases/caspers")
    held = api.get("database-projects", PROJECT)
    assert (held.object_id, held.object_type) == (f"/database-projects/{PROJECT}", "database-projects")
    assert levels(held.access_control_list)["app-guest"] == [PermissionLevel.CAN_USE]
    assert levels(held.access_control_list)[USER] == [PermissionLevel.CAN_MANAGE]
    with pytest.raises(BadRequest, match="permission_level"):  # CAN_CREATE is inherited, and can't be granted
        wanted = AccessControlRequest(group_name="users", permission_level=PermissionLevel.CAN_CREATE)
        api.update("database-projects", PROJECT, access_control_list=[wanted])
    api.set("database-projects", PROJECT, access_control_list=[])
    assert levels(api.get("database-projects", PROJECT).access_control_list) == {"admins": [PermissionLevel.CAN_MANAGE]}
    with pytest.raises(NotFound, match="nothing does not exist"):
        api.get("database-projects", "nothing")
    known_levels = api.get_permission_levels("database-projects", PROJECT).permission_levels
    assert [level.permission_level for level in known_levels] == [PermissionLevel.CAN_USE, PermissionLevel.CAN_MANAGE]


def test_a_credential_opens_no_connection_after_its_end_and_several_are_valid_at_once(workspace):
    server, now = workspace.engine.running(PROJECT), datetime.now(UTC)
    ended, soon, later = (server.credential(USER, int((now + timedelta(minutes=m)).timestamp())) for m in (-1, 5, 60))
    given = {**where(str(server.address)), "user": USER, "dbname": "caspers"}
    for password in (soon, later):
        with psycopg.connect(**given, password=password) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (USER,)
    with pytest.raises(psycopg.OperationalError, match="authentication failed for user"):
        psycopg.connect(**given, password=ended)


def test_roles_are_listed_and_made_once(workspace):
    api = workspace.w.postgres
    kind = pg.RoleIdentityType.SERVICE_PRINCIPAL
    wanted = pg.Role(spec=pg.RoleRoleSpec(postgres_role="another-app", identity_type=kind))
    made = api.create_role(BRANCH, wanted).wait()
    assert (made.status.postgres_role, made.status.identity_type) == ("another-app", kind)
    with pytest.raises(ResourceAlreadyExists):
        api.create_role(BRANCH, wanted)
    with pytest.raises(BadRequest, match="application id"):
        api.create_role(BRANCH, pg.Role(spec=pg.RoleRoleSpec(postgres_role="postgres", identity_type=kind)))


def test_a_restart_keeps_address_and_data(workspace):
    address = workspace.engine.address(PROJECT)
    with workspace.connect("databricks_postgres") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        workspace.engine.stop()  # a client that stays connected does not hold it up
    workspace.start_engine()
    assert workspace.engine.address(PROJECT) == address
    with workspace.connect("databricks_postgres") as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_disabled_endpoint_lets_nobody_in_until_it_is_enabled(workspace):
    api, name, mask = workspace.w.postgres, f"{BRANCH}/endpoints/primary", FieldMask(["spec.disabled"])
    writable = pg.EndpointType.ENDPOINT_TYPE_READ_WRITE
    off, on = (pg.Endpoint(spec=pg.EndpointSpec(writable, disabled=disabled)) for disabled in (True, False))
    address = workspace.engine.address(PROJECT)
    with workspace.connect() as connection:
        assert api.update_endpoint(name, off, mask).wait().status.disabled
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        workspace.connect()
    with pytest.raises(ApiError, match="disabled"):
        workspace.engine.running(PROJECT)
    workspace.engine.stop()
    workspace.start_engine()  # starts no disabled endpoint
    assert api.get_endpoint(name).status.current_state is pg.EndpointStatusState.IDLE
    assert api.update_endpoint(name, on, mask).wait().status.current_state is pg.EndpointStatusState.ACTIVE
    assert (workspace.engine.address(PROJECT), workspace.rows("SELECT 1")) == (address, [(1,)])


def test_of_an_endpoint_nothing_else_can_be_changed(workspace):
    spec = pg.EndpointSpec(pg.EndpointType.ENDPOINT_TYPE_READ_WRITE, autoscaling_limit_max_cu=2)
    with pytest.raises(BadRequest, match="update_mask"):
        workspace.w.postgres.update_endpoint(
            f"{BRANCH}/endpoints/primary", pg.Endpoint(spec=spec), FieldMask(["spec.autoscaling_limit_max_cu"])
        )


def test_an_address_that_was_taken_meanwhile_is_given_up(workspace):
    address = workspace.engine.running(PROJECT).address
    workspace.engine.stop()
    with socket.create_server((address.host, address.port)):
        workspace.start_engine()
        assert workspace.engine.running(PROJECT).address != address
    kept = workspace.store.get("postgres_project", PROJECT)
    assert workspace.engine.running(PROJECT).address == Address(kept["host"], kept["port"])
    assert workspace.rows("SELECT 1") == [(1,)]


def test_a_home_from_before_addresses_is_opened(workspace):
    workspace.engine.stop()
    kept = workspace.store.get("postgres_project", PROJECT)
    workspace.store.put(
        "postgres_project", PROJECT, {key: kept[key] for key in kept if key != "host"} | {"port": 54321}
    )
    workspace.start_engine()
    assert workspace.rows("SELECT 1") == [(1,)]
    assert workspace.store.get("postgres_project", PROJECT)["host"] == workspace.engine.running(PROJECT).address.host


def test_a_server_that_a_killed_daemon_left_is_replaced(workspace):
    left = psutil.Process(server_pid(workspace))
    workspace.start_engine()  # without a stop before it
    assert has_ended(left)
    assert workspace.rows("SELECT 1") == [(1,)]


def test_a_server_that_died_is_started_again(workspace):
    with workspace.connect("databricks_postgres") as connection:
        connection.execute("CREATE TABLE committed AS SELECT 1 AS n")
    server = psutil.Process(server_pid(workspace))
    server.kill()
    eventually(lambda: has_ended(server))
    with workspace.connect("databricks_postgres") as connection:
        assert connection.execute("SELECT n FROM committed").fetchone() == (1,)


def test_a_server_that_dies_before_it_is_asked_is_started_again_too(workspace):
    instance = workspace.engine.running(PROJECT)
    os.kill(server_pid(workspace), signal.SIGKILL)
    with instance.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        instance.connect("nowhere")


def test_a_creation_that_was_cut_short_is_repeated_and_a_deletion_finished(tmp_path: Path):
    workspace = LakebaseWorkspace(tmp_path / "home")
    try:
        half_made = workspace.home.postgres / f".new-{PROJECT}" / "data"
        half_made.mkdir(parents=True)
        (half_made / "junk").write_text("initdb was here")
        workspace.make_database()
        server = psutil.Process(server_pid(workspace))
        workspace.store.update("postgres_project", PROJECT, deleting=True)
        workspace.engine.stop()
        workspace.start_engine()
        assert list(workspace.w.postgres.list_projects()) == []
        assert list(workspace.home.postgres.iterdir()) == []
        assert not server.is_running()
    finally:
        workspace.close()


def test_deleting_a_project_leaves_nothing(workspace):
    server = psutil.Process(server_pid(workspace))
    workspace.w.postgres.delete_project(f"projects/{PROJECT}").wait()
    assert not server.is_running()
    assert list(workspace.home.postgres.iterdir()) == []
    assert list(workspace.home.run.glob("*.pid")) == []
    with pytest.raises(NotFound):
        workspace.w.postgres.get_catalog(f"catalogs/{CATALOG}")
