"""Unity Catalog's routes while there is no Spark server."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.catalog import unity_catalog
from local_workspace.http.server import create_app
from local_workspace.routes import catalog, grants
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store

TOKEN = "a-token"
UNITY = "/api/2.1/unity-catalog"


def no_session(schema: str | None = None) -> None:
    raise RuntimeError("the Spark server could not start: no Java")


@pytest.fixture
def client(tmp_path):
    home = Home(tmp_path)
    store = Store(home.database)
    unity = unity_catalog(home, store, SimpleNamespace(session=no_session), "me@localhost")
    unity.catalog.create_catalog("lake")
    app = create_app(SimpleNamespace(unity=unity), TOKEN, [catalog.router, grants.router])
    yield TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False)
    store.close()


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
