"""Connections as Databricks' documentation writes them: port 5432, TLS, from psycopg and from libpq's variables."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from lakebase_workspace import PROJECT, USER, LakebaseWorkspace, make_database, where
from local_workspace.engines.postgres import addresses
from waiting import eventually

OTHER = "kitchen-complaints"
ENDPOINT = "projects/{}/branches/production/endpoints/primary"
own_addresses = pytest.mark.skipif(addresses.free().port != 5432, reason="no address of this machine has port 5432")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("connections") / "home")
    made.make_database()
    make_database(made.w, OTHER, "kitchencomplaints", "caspers")
    yield made
    made.close()


def arguments(workspace: LakebaseWorkspace, project: str = PROJECT) -> dict:
    """Where a project's database is, and a credential for it."""
    endpoint = workspace.w.postgres.get_endpoint(ENDPOINT.format(project))
    token = workspace.w.postgres.generate_database_credential(endpoint.name).token
    return {**where(endpoint.status.hosts.host), "user": USER, "password": token, "dbname": "caspers"}


@own_addresses
def test_two_instances_at_once_listen_on_port_5432_also_after_a_restart(workspace):
    hosts = {}
    for project in (PROJECT, OTHER):
        hosts[project] = workspace.w.postgres.get_endpoint(ENDPOINT.format(project)).status.hosts.host
        with psycopg.connect(**arguments(workspace, project) | {"host": hosts[project], "port": 5432}) as connection:
            connection.execute("CREATE TABLE mine AS SELECT %s::text AS project", [project])
    assert len(set(hosts.values())) == 2
    workspace.engine.stop()
    workspace.start_engine()
    for project, host in hosts.items():
        assert workspace.w.postgres.get_endpoint(ENDPOINT.format(project)).status.hosts.host == host
        with psycopg.connect(**arguments(workspace, project)) as connection:
            assert connection.execute("SELECT project FROM mine").fetchone() == (project,)


def test_a_connection_is_encrypted(workspace):
    with psycopg.connect(**arguments(workspace)) as connection:
        assert connection.pgconn.ssl_in_use
        version = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]
        assert version in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("user", [USER, "postgres"])
def test_nobody_is_let_in_without_tls(workspace, user):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**arguments(workspace) | {"sslmode": "disable", "user": user})


def test_tls_is_taken_where_a_client_only_prefers_it(workspace):
    with psycopg.connect(**arguments(workspace) | {"sslmode": "prefer"}) as connection:
        assert connection.pgconn.ssl_in_use


def test_tls_can_begin_at_once(workspace):
    with psycopg.connect(**arguments(workspace), sslnegotiation="direct") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_server_and_its_host_are_checked_by_its_certificate(workspace):
    given = arguments(workspace) | {"sslmode": "verify-full"}
    files = {project: workspace.engine.running(project).certificate for project in (PROJECT, OTHER)}
    with psycopg.connect(**given, sslrootcert=str(files[PROJECT])) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(**given, sslrootcert=str(files[OTHER]))
    named = {"host": "elsewhere.example", "hostaddr": given["host"]}
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(**given | named, sslrootcert=str(files[PROJECT]))


@pytest.mark.parametrize(("user", "reason"), [(USER, "channel binding required"), ("postgres", "password")])
def test_only_passwords_that_postgres_keeps_are_bound_to_the_channel(workspace, user, reason):
    """A token is sent as it is: SCRAM, which binds, is for passwords whose hash Postgres has."""
    given = arguments(workspace) | {"user": user, "password": "guess", "channel_binding": "require"}
    with pytest.raises(psycopg.OperationalError, match=reason):
        psycopg.connect(**given)


def test_a_query_is_cancelled_over_tls(workspace):
    with psycopg.connect(**arguments(workspace), autocommit=True) as connection:
        pid = connection.info.backend_pid
        failed = []

        def sleep() -> None:
            try:
                connection.execute("SELECT pg_sleep(60)")
            except psycopg.errors.QueryCanceled as error:
                failed.append(error)

        thread = threading.Thread(target=sleep)
        thread.start()
        running = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        with workspace.engine.connect(PROJECT, "caspers") as watching:
            watching.autocommit = True
            eventually(lambda: watching.execute(running, [pid]).fetchone() == (1,))
        connection.cancel_safe()
        thread.join(30)
        assert failed and connection.execute("SELECT 1").fetchone() == (1,)


def test_an_apps_variables_are_enough(workspace, monkeypatch):
    resource = {"branch": f"projects/{PROJECT}/branches/production", "database": "caspers"}
    for name, value in workspace.engine.client_environment(resource, "app-manager").items():
        monkeypatch.setenv(name, value)
    assert psycopg.conninfo.make_conninfo() == ""
    token = workspace.engine.credential(PROJECT, "app-manager")["token"]
    with psycopg.connect(password=token) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("app-manager", "caspers")
        assert connection.pgconn.ssl_in_use


def test_postgres_own_extensions_can_be_created_and_languages_of_the_system_not(workspace):
    with psycopg.connect(**arguments(workspace)) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT similarity('late', 'late')").fetchone() == (1,)
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="plperl"):
            connection.execute("CREATE EXTENSION plperl")
