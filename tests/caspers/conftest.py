"""Small real tables of the kitchens: a few hundred orders at two locations, with every odd case once."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from caspers import medallion

if TYPE_CHECKING:
    from openai import OpenAI

# Each order: minutes from order to door, location, and days before the newest event.
ODD = """
  SELECT 'LATE01' order_id, 1 location_id, 400D minutes, 1 days_ago UNION ALL SELECT 'EARLY1', 1, 5D, 1 UNION ALL
  SELECT 'OLD001', 1, 9000D, 40 UNION ALL SELECT 'ONROAD', 2, NULL, 0"""
ORDERS = f"""
  SELECT upper(lpad(conv(id, 10, 36), 6, '0')) order_id, CAST(1 + id % 2 AS INT) location_id,
         20 + pmod(hash(id), 300) / 10D minutes, id % 28 days_ago FROM range(400) UNION ALL {ODD}"""
EVENTS = f"""
  WITH o AS (SELECT *, timestamp '2024-03-10 12:00:00' - make_dt_interval(CAST(days_ago AS INT)) placed
             FROM ({ORDERS})),
  steps AS (SELECT * FROM VALUES ('order_created', 0D, 1), ('gk_started', 0.1D, 2), ('gk_finished', 0.4D, 3),
    ('gk_ready', 0.5D, 4), ('driver_arrived', 0.55D, 5), ('driver_picked_up', 0.6D, 6), ('delivered', 1D, 7)
    t(event_type, share, sequence))
  SELECT uuid() event_id, event_type, location_id, order_id, sequence,
    timestamp_millis(unix_millis(placed) + CAST(coalesce(minutes, 10D) * 60000 * share AS BIGINT)) ts,
    CASE WHEN event_type = 'order_created' THEN concat('{{"items": [
      {{"id": 7, "category_id": 1, "menu_id": 1, "brand_id": 3, "name": "Miso soup", "price": 4.25, "qty": 2}},
      {{"id": 9, "category_id": 1, "menu_id": 1, "brand_id": 3, "name": "Udon", "qty": 1, "price": ',
      10 + pmod(hash(order_id), 5), '.95}}]}}') ELSE '{{}}' END body,
    CAST(NULL AS STRING) _corrupt_record, 'events.json' source_file
  FROM o CROSS JOIN steps WHERE minutes IS NOT NULL OR event_type <> 'delivered'"""
SCHEMAS = ("simulator", "lakeflow", "ai", "recommender")


@pytest.fixture(scope="module")
def traced(connected: dict[str, str], catalog: str) -> SimpleNamespace:
    """A workbook on the running workspace, without Spark: MLflow, which traces as in a notebook, and the SDK."""
    import mlflow
    from databricks.sdk import WorkspaceClient

    mlflow.set_tracking_uri(connected["MLFLOW_TRACKING_URI"])
    client = WorkspaceClient(host=connected["DATABRICKS_HOST"], token=connected["DATABRICKS_TOKEN"])
    client.api_client.do("POST", "/api/local/wait/mlflow")
    return SimpleNamespace(mlflow=mlflow, w=client, local=True, catalog=catalog)


@pytest.fixture(scope="module")
def no_traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tracing is off: there is no tracking server here."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")  # read even when it is off
    mlflow.tracing.disable()
    yield
    mlflow.tracing.reset()  # on again


@pytest.fixture(scope="module")
def standin() -> Iterator["OpenAI"]:
    """A client of the stand-in."""
    from caspers.standin import chat
    from chat_server import serving

    with serving(chat.complete) as client:
        yield client


@pytest.fixture(scope="module")
def kitchen(w, spark, catalog) -> Iterator:
    """The Spark session with the catalog's schemas simulator and lakeflow filled, ai and recommender empty."""
    _drop(w, catalog)
    for schema in SCHEMAS:
        spark.sql(f"CREATE SCHEMA {schema}")
    spark.sql("""CREATE TABLE simulator.locations AS
                 SELECT * FROM VALUES (1, 'Harbour'), (2, 'Hill') t(location_id, name)""")
    spark.sql("CREATE TABLE simulator.brands AS SELECT 3 brand_id, 'Noodle Lane' name")
    spark.sql(f"CREATE TABLE lakeflow.all_events AS {EVENTS}")
    items = medallion.silver_order_items(spark.table("lakeflow.all_events"), spark.table("simulator.brands"))
    items.write.saveAsTable("lakeflow.silver_order_items")
    yield spark
    _drop(w, catalog)


def _drop(w, catalog) -> None:
    for schema in list(w.schemas.list(catalog)):
        if schema.name in SCHEMAS:
            w.schemas.delete(schema.full_name, force=True)
