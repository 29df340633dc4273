"""The SQL routes without a Spark server: what they refuse, and how a statement fails."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.sql import StatementsEngine, WarehousesEngine
from local_workspace.http.server import create_app
from local_workspace.routes import sql
from local_workspace.runtime.store import Store

TOKEN = "a-token"


def no_session(schema: str | None = None) -> None:
    raise RuntimeError("the Spark server could not start: no Java")


@pytest.fixture
def client(tmp_path):
    spark = SimpleNamespace(state=lambda: "running", session=no_session, catalog=lambda: "kitchens")
    store = Store(tmp_path / "store.db")
    statements = StatementsEngine(spark)
    engines = SimpleNamespace(warehouses=WarehousesEngine(store, spark), statements=statements)
    app = create_app(engines, TOKEN, [sql.router])
    yield TestClient(
        app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False
    )
    statements.stop()
    store.close()


def test_a_warehouse_keeps_what_it_was_made_with(client):
    made = client.post("/api/2.0/sql/warehouses", json={"name": "w", "cluster_size": "Small", "min_num_clusters": 2})
    shown = client.get(f"/api/2.0/sql/warehouses/{made.json()['id']}").json()
    assert shown == {
        "id": made.json()["id"],
        "name": "w",
        "cluster_size": "Small",
        "min_num_clusters": 2,
        "state": "RUNNING",
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"statement": ["SELECT 1"]}, "statement: "),
        ({"statement": None}, "statement: "),
        ({"statement": "  "}, "statement is empty"),
        ({"warehouse_id": {}}, "warehouse_id: "),
        ({"schema": 5}, "schema: "),
        ({"parameters": "x"}, "parameters: "),
        ({"parameters": ["x"]}, "parameters.0: "),
        ({"parameters": [{"value": "1"}]}, "parameters.0.name is missing"),
        ({"parameters": [{"name": "i", "value": 1}]}, "parameters.0.value: "),
        ({"parameters": [{"name": "i", "value": "x", "type": "INT"}]}, "'x' is not a valid INT"),
        ({"parameters": [{"name": "d", "value": "1e999999999", "type": "DECIMAL(10,2)"}]}, "is not a valid DECIMAL"),
        ({"parameters": [{"name": "d", "value": "NaN", "type": "DECIMAL"}]}, "is not a valid DECIMAL"),
        ({"row_limit": -1}, "row_limit: "),
        ({"wait_timeout": "soon"}, "wait_timeout: "),
        ({"wait_timeout": "51s"}, "wait_timeout: "),
        ({"wait_timeout": 5}, "wait_timeout: "),
        ({"format": "ARROW_STREAM"}, "only with the disposition EXTERNAL_LINKS"),
        ({"format": "CSV", "disposition": "INLINE"}, "only with the disposition EXTERNAL_LINKS"),
        ({"format": "PARQUET"}, "format: "),
        ({"disposition": "FILE"}, "disposition: "),
        ({"query_tags": [{"value": "x"}]}, "query_tags.0.key is missing"),
        ({"row_offset": 1}, "row_offset: "),
    ],
)
def test_a_malformed_statement_is_refused_and_names_the_field(client, changes, text):
    warehouse = client.post("/api/2.0/sql/warehouses", json={"name": "w"}).json()["id"]
    body = {"statement": "SELECT 1", "warehouse_id": warehouse, **changes}
    answer = client.post("/api/2.0/sql/statements", json=body)
    assert answer.status_code == 400 and text in answer.json()["message"], answer.text


@pytest.mark.parametrize("body", [[], "x", 5, None, {}, {"name": 5}, {"name": "w", "cluster_size": []}])
def test_a_malformed_warehouse_is_refused(client, body):
    assert client.post("/api/2.0/sql/warehouses", json=body).status_code == 400


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": ""}, "name: "),
        ({"name": "x" * 100}, "name: "),
        ({"cluster_size": "Huge"}, "cluster_size: "),
        ({"auto_stop_mins": 5}, "auto_stop_mins: should be 0 or at least 10"),
        ({"auto_stop_mins": -1}, "auto_stop_mins: should be 0 or at least 10"),
        ({"min_num_clusters": 0}, "min_num_clusters: "),
        ({"min_num_clusters": 31}, "min_num_clusters: "),
        ({"max_num_clusters": 41}, "max_num_clusters: "),
        ({"min_num_clusters": 3, "max_num_clusters": 2}, "max_num_clusters should not be less than min_num_clusters"),
    ],
)
def test_a_warehouse_that_databricks_would_not_make_is_refused(client, settings, told):
    answer = client.post("/api/2.0/sql/warehouses", json={"name": "w", **settings})
    assert answer.status_code == 400 and told in answer.json()["message"]


def test_a_chunk_is_counted_from_zero(client):
    answer = client.get("/api/2.0/sql/statements/x/result/chunks/-1")
    assert answer.status_code == 400 and "chunk_index" in answer.json()["message"]


def test_a_statement_without_spark_fails_and_says_why(client):
    warehouse = client.post("/api/2.0/sql/warehouses", json={"name": "w"}).json()["id"]
    answer = client.post("/api/2.0/sql/statements", json={"statement": "SELECT 1", "warehouse_id": warehouse})
    assert answer.status_code == 200
    assert answer.json()["status"] == {
        "state": "FAILED",
        "error": {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "the Spark server could not start: no Java"},
    }
