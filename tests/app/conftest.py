"""Fixtures that run the app against a real Postgres and a small server of the SQL Statement API."""

import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from asgi_server import Served
from complaint_table import fill_complaints
from laptop_gateway import LaptopGateway
from local_workspace.engines.postgres.instance import Instance
from local_workspace.engines.postgres.programs import ADMIN
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from refund_manager.main import create_app
from refund_manager.postgres.database import Database
from refund_manager.postgres.schema import COMPLAINTS, REFUNDS
from refund_manager.services.complaint_updater import ComplaintUpdater
from refund_manager.services.complaints import Complaints
from refund_manager.services.lakehouse import Lakehouse
from refund_manager.settings import Settings
from refund_table import fill
from statement_server import statement_app

ROLE = "app-refund-manager"
# Test data need not survive a crash.
_NOT_DURABLE = ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory):
    """A Postgres server that lets everyone on this machine in, over TLS."""
    home = open_home(tmp_path_factory.mktemp("postgres") / "home")
    server = Instance(home, Processes(home), "app", "you@localhost")
    server.rules = "hostssl all all 127.0.0.0/8 trust\n"
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(server):
    """The URI of a database of the server by its name; the administrator is in it."""
    return lambda name=ADMIN: f"postgresql://{ADMIN}@{server.address.host}:{server.address.port}/{name}?sslmode=require"


@pytest.fixture(scope="session")
def template(postgres):
    """The name of a template database with the synced table, the app's role with its grants, and the app's schema."""
    with psycopg.connect(postgres(), autocommit=True) as connection:
        for statement in (*_NOT_DURABLE, f'CREATE ROLE "{ROLE}" LOGIN', "CREATE DATABASE template"):
            connection.execute(statement)
    with psycopg.connect(postgres("template")) as connection:
        fill(connection)
        for statement in (
            "CONNECT, CREATE ON DATABASE template",
            "USAGE ON SCHEMA recommender",
            "SELECT ON TABLE recommender.refund_recommendations",
        ):
            connection.execute(f'GRANT {statement} TO "{ROLE}"')
    app = make_conninfo(postgres("template"), user=ROLE)
    with psycopg.connect(app, row_factory=dict_row) as connection:
        REFUNDS.prepare(connection)
    return "template"


@pytest.fixture
def conninfo(server, postgres, template):
    """Connection string of a fresh copy of the template, as its owner. A server that has died is started again."""
    with server.connect(autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS caspers WITH (FORCE)")
        connection.execute(f"CREATE DATABASE caspers TEMPLATE {template}")
        connection.execute(f'GRANT CREATE ON DATABASE caspers TO "{ROLE}"')
    return postgres("caspers")


@pytest.fixture
def app_conninfo(conninfo):
    """Connection string of the same database, as the app's role."""
    return make_conninfo(conninfo, user=ROLE)


@pytest.fixture(scope="session")
def workspace():
    with Served(statement_app()) as url:
        yield WorkspaceClient(host=url, token="t")


@pytest.fixture
def make_app(app_conninfo, workspace):
    def make(user="ana", warehouse="warehouse-1", **options):
        settings = Settings("projects/p/branches/b/endpoints/e", warehouse, "kitchens")
        app = create_app(settings, Database(REFUNDS, conninfo=app_conninfo), workspace, **options)
        if user:
            app.add_middleware(LaptopGateway, user=user)
        return app

    return make


@pytest.fixture
def synced_complaints(conninfo):
    """A connection to the database, as the owner of the complaints' synced table, which the app's role may read."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        fill_complaints(connection)
        connection.execute(f'GRANT USAGE ON SCHEMA complaints TO "{ROLE}"')
        connection.execute(f'GRANT SELECT ON complaints.complaint_responses TO "{ROLE}"')
        yield connection


@pytest.fixture
def with_complaints(synced_complaints, app_conninfo, workspace):
    """A function that gives an app the complaints' database, which is being updated."""
    database, refunds = Database(COMPLAINTS, conninfo=app_conninfo), Database(REFUNDS, conninfo=app_conninfo)
    lakehouse = Lakehouse(workspace, "warehouse-1", "kitchens", "simulator")
    updater = ComplaintUpdater(database, refunds, lakehouse, pause=0.1)
    database.open()
    refunds.open()
    updater.copy_rows()
    updater.start()
    yield lambda app: setattr(app.state.platform, "complaints", Complaints(database, lakehouse))
    updater.stop()
    refunds.close()
    database.close()


@pytest.fixture
def served(make_app):
    """The URL of a running app, for a browser."""
    with Served(make_app()) as url:
        yield url


@pytest.fixture
def client(make_app):
    with TestClient(make_app(), base_url="http://127.0.0.1") as client:
        yield client
