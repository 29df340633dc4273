"""Unity Catalog's routes while there is no Spark server."""

import json
from contextlib import closing
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.catalog import unity_catalog
from local_workspace.http.server import create_app
from local_workspace.routes import catalog, grants
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store

TOKEN = "a-token"
UNITY = "/api/2.1/unity-catalog"


def no_session(schema: str | None = None) -> None:
    raise RuntimeError("the Spark server could not start: no Java")


@pytest.fixture
def serve(tmp_path):
    """Makes a client of a workspace without Spark; with default storage, if that is wanted."""
    home = Home(tmp_path)
    store = Store(home.database)

    def of(default_storage: bool) -> TestClient:
        spark = SimpleNamespace(session=no_session)
        unity = unity_catalog(home, store, spark, "me@localhost", default_storage)
        app = create_app(SimpleNamespace(unity=unity), TOKEN, [catalog.router, grants.router])
        return TestClient(
            app,
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {TOKEN}"},
            raise_server_exceptions=False,
        )

    yield of
    store.close()


@pytest.fixture
def client(serve):
    client = serve(default_storage=False)
    client.post(f"{UNITY}/catalogs", json={"name": "lake"}).raise_for_status()
    return client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "schemas?catalog_name=lake", None),
        ("POST", "schemas", {"name": "x", "catalog_name": "lake"}),
        ("GET", "schemas/lake.x", None),
        ("POST", "volumes", {"name": "v", "catalog_name": "lake", "schema_name": "x"}),
        ("GET", "tables/lake.x.t", None),
        ("GET", "functions?catalog_name=lake&schema_name=x", None),
        ("PATCH", "permissions/schema/lake.x", {"changes": []}),
    ],
)
def test_without_spark_a_route_is_unavailable_and_says_why(client, method, path, body):
    answer = client.request(method, f"{UNITY}/{path}", json=body)
    assert answer.status_code == 503, answer.text
    assert answer.json() == {
        "error_code": "TEMPORARILY_UNAVAILABLE",
        "message": "the Spark server could not start: no Java",
    }


def test_what_needs_no_spark_is_answered(client):
    assert client.get(f"{UNITY}/catalogs/lake?include_browse=true").json()["name"] == "lake"
    assert len(client.get(f"{UNITY}/catalogs?include_browse=true&include_unbound=true").json()["catalogs"]) == 1
    assert client.get(f"{UNITY}/permissions/catalog/lake").json() == {"privilege_assignments": []}


def test_grants_are_shown_of_one_principal_and_in_pages(client):
    path = f"{UNITY}/permissions/catalog/lake"
    changes = [{"principal": name, "add": ["USE_CATALOG"]} for name in ("ann", "bob")]
    client.patch(path, json={"changes": changes}).raise_for_status()
    held = {"principal": "bob", "privileges": ["USE_CATALOG"]}
    assert client.get(path, params={"principal": "bob"}).json() == {"privilege_assignments": [held]}
    first = client.get(path, params={"max_results": 1}).json()
    rest = client.get(path, params={"max_results": 1, "page_token": first["next_page_token"]}).json()
    assert rest == {"privilege_assignments": [held]}


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("tables/lake.x.t?include_delta_metadata=true", "include_delta_metadata"),
        ("schemas?catalog_name=lake&omit_columns=true", "omit_columns"),
        ("permissions/catalog/lake?effective=true", "effective"),
    ],
)
def test_an_unknown_query_parameter_is_refused(client, path, parameter):
    answer = client.get(f"{UNITY}/{path}")
    assert answer.status_code == 400
    assert f"does not know the query parameter {parameter} " in answer.json()["message"]


def test_effective_grants_on_the_catalog_are_its_own(client):
    changes = [{"principal": "ann", "add": ["USE_CATALOG", "SELECT"]}]
    client.patch(f"{UNITY}/permissions/catalog/lake", json={"changes": changes}).raise_for_status()
    own = client.get(f"{UNITY}/effective-permissions/catalog/lake").json()
    assert own == {
        "privilege_assignments": [
            {"principal": "ann", "privileges": [{"privilege": "SELECT"}, {"privilege": "USE_CATALOG"}]}
        ]
    }
    refused = client.get(f"{UNITY}/effective-permissions/catalog/lake?max_results=10")
    assert refused.status_code == 400 and "150" in refused.json()["message"]


@pytest.mark.parametrize("privilege", ["SELCT", "CREATE_CATALOG", "READ FILES", ""])
def test_a_privilege_that_the_thing_does_not_take_is_refused(client, privilege):
    changes = [{"principal": "ann", "add": [privilege]}]
    answer = client.patch(f"{UNITY}/permissions/catalog/lake", json={"changes": changes})
    assert answer.status_code == 400
    assert f"Privilege {privilege} is not applicable to this entity [lake:CATALOG/" in answer.json()["message"]
    assert client.get(f"{UNITY}/permissions/catalog/lake").json() == {"privilege_assignments": []}


def test_the_metastore_is_that_of_the_catalog_and_the_workspace(client):
    summary = client.get(f"{UNITY}/metastore_summary").json()
    assignment = client.get(f"{UNITY}/current-metastore-assignment")
    assert summary["metastore_id"] == client.get(f"{UNITY}/catalogs/lake").json()["metastore_id"]
    assert summary["storage_root"] and summary["owner"] == "me@localhost"
    assert assignment.json() == {
        "metastore_id": summary["metastore_id"],
        "workspace_id": int(assignment.headers["X-Databricks-Org-Id"]),
        "default_catalog_name": "lake",
    }


def test_with_default_storage_there_is_a_catalog_and_no_other_can_be_created(serve):
    client = serve(default_storage=True)
    for name in ("another", "workspace"):
        answer = client.post(f"{UNITY}/catalogs", json={"name": name})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_STATE")
        assert answer.json()["message"].startswith("Metastore storage root URL does not exist. Default Storage is")
    assert [found["name"] for found in client.get(f"{UNITY}/catalogs").json()["catalogs"]] == ["workspace"]
    assert "storage_root" not in client.get(f"{UNITY}/metastore_summary").json()


def test_default_storage_leaves_the_catalog_that_a_home_holds(serve):
    serve(default_storage=False).post(f"{UNITY}/catalogs", json={"name": "lake"}).raise_for_status()
    held = serve(default_storage=True).get(f"{UNITY}/catalogs").json()["catalogs"]
    assert [found["name"] for found in held] == ["lake"]


class RecordingSession:
    """A Spark session that answers what the metastore's tables of documents hold, and records every other statement."""

    def __init__(self, **documents):
        self.documents, self.statements = documents, []

    def sql(self, statement):
        found = [rows for table, rows in self.documents.items() if f"local_workspace.{table}" in statement]
        if not found:
            self.statements.append(statement)
        rows = [SimpleNamespace(document=json.dumps(row)) for row in (found or [[]])[0]]
        return SimpleNamespace(collect=lambda: rows)


def test_a_catalog_goes_with_what_is_in_its_default_schema_and_only_by_force(tmp_path):
    home = Home(tmp_path)
    default = {
        "name": "default",
        "comment": "",
        "location": "/d",
        "owner": None,
        "created_at": None,
        "updated_at": None,
    }
    session = RecordingSession(
        schemas=[default],
        relations=[{"name": "t", "type": "MANAGED"}, {"name": "v", "type": "VIEW"}],
        routines=[{"name": "f"}],
    )
    with closing(Store(home.database)) as store:
        unity = unity_catalog(home, store, SimpleNamespace(session=lambda: session), "me@localhost")
        unity.catalog.create_catalog("lake")
        unity.catalog.create_volume("lake", "default", "shelf")
        unity.models.create("lake.default.taster")
        with pytest.raises(ApiError, match="still holds 't'"):
            unity.catalog.delete_catalog("lake", force=False)
        assert not session.statements
        unity.catalog.delete_catalog("lake", force=True)
        assert session.statements == ["DROP TABLE default.`t`", "DROP VIEW default.`v`", "DROP FUNCTION default.`f`"]
        assert (unity.volumes.list("lake", "default"), unity.models.models()) == ([], [])
