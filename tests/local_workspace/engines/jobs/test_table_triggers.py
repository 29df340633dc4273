"""Triggers on tables of a whole workspace."""

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.jobs import TableUpdateTriggerConfiguration, TriggerSettings


@pytest.fixture(scope="module")
def tables(spark, catalog):
    spark.sql("CREATE SCHEMA watched")
    spark.sql("CREATE TABLE watched.orders AS SELECT 1 AS id")
    spark.sql("CREATE VIEW watched.all_orders AS SELECT * FROM watched.orders")
    yield f"{catalog}.watched"
    spark.sql("DROP SCHEMA watched CASCADE")


def on(*names: str) -> TriggerSettings:
    return TriggerSettings(table_update=TableUpdateTriggerConfiguration(list(names)))


def test_a_table_is_watched_by_its_full_name(workspace, tables):
    w = WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])
    job_id = w.jobs.create(name="watching", trigger=on(f"{tables}.orders")).job_id
    query = {"job_id": job_id, "include_trigger_state": "true"}
    state = w.api_client.do("GET", "/api/2.2/jobs/get", query=query)["trigger_state"]["table"]
    assert state["last_seen_table_states"] == [{"table_name": f"{tables}.orders", "has_seen_updates": False}]
    w.jobs.delete(job_id)
    with pytest.raises(BadRequest, match="is a view"):
        w.jobs.create(name="watching", trigger=on(f"{tables}.all_orders"))
    with pytest.raises(NotFound):
        w.jobs.create(name="watching", trigger=on(f"{tables}.nothing"))
