"""A small server of the SQL Statement API that executes statements in SQLite, with bound parameters.

It also has one synced table, and no Lakebase project.
"""

import json
import sqlite3

from fastapi import FastAPI
from fastapi.responses import JSONResponse

_WAREHOUSE, _CATALOG = "warehouse-1", "`kitchens`."
ITEMS = [
    {"id": 1, "brand_id": 1, "name": "Pad <b>Thai</b>", "price": 12.5, "qty": 2},
    {"id": 2, "brand_id": 2, "name": "Tea", "price": 3.25, "qty": 1},
]
ADDRESS = {"customer_addr": "12 Elm Street", "customer_lat": 37.2, "customer_lon": -122.3}


def event(event_type, ts, body, order_id="AAA111", location_id=1):
    return (event_type, ts, location_id, order_id, json.dumps(body))


EVENTS = [
    event("order_created", "2026-03-01T18:45:00.000Z", {"items": ITEMS, **ADDRESS}),
    event("gk_started", "2026-03-01T18:46:30.000Z", {}),
    event(
        "driver_picked_up",
        "2026-03-01T19:05:00.000Z",
        {"route_points": [[37.1, -122.1], [37.2, -122.1], [37.2, -122.3]]},
    ),
    event("driver_ping", "2026-03-01T19:06:00.000Z", {"progress_pct": 20, "loc_lat": 37.15, "loc_lon": -122.1}),
    event("driver_ping", "2026-03-01T19:07:00.000Z", {"progress_pct": 60, "loc_lat": 37.2, "loc_lon": -122.2}),
    event("delivered", "2026-03-01T19:30:00.000Z", {}),
    event("order_created", "2026-03-01T18:46:00.000Z", {"items": ITEMS[1:]}, "BBB222", 2),
    event("gk_ready", "2026-03-01T19:06:00.000Z", {}, "BBB222", 2),
    event("driver_picked_up", "2026-03-01T19:10:00.000Z", {}, "BBB222", 2),
    event("delivered", "2026-03-01T19:31:30.000Z", {}, "BBB222", 2),
    event("order_created", "2026-03-01T18:47:00.000Z", {"items": [], **ADDRESS}, "CCC333"),
    event("delivered", "2026-03-01T19:27:30.000Z", {}, "CCC333"),
]
_TABLES = """
ATTACH ':memory:' AS lakeflow; ATTACH ':memory:' AS ai; ATTACH ':memory:' AS simulator; ATTACH ':memory:' AS complaints;
CREATE TABLE lakeflow.all_events (event_type, ts, location_id, order_id, body, sequence);
CREATE TABLE simulator.brands (brand_id, name);
INSERT INTO simulator.brands VALUES (1, 'Lemongrass Lane'), (2, 'Tea & Co');
CREATE TABLE ai.order_delivery_times_per_location_view (location_id, location_name, p75_minutes, p99_minutes);
INSERT INTO ai.order_delivery_times_per_location_view VALUES
    (1, 'San Francisco', 36.0, 55.5), (2, 'Bellevue', 30.1, 44.0);
CREATE TABLE complaints.raw_complaints (complaint_id, complaint_category, complaint_text, ts);
INSERT INTO complaints.raw_complaints VALUES
    ('c-1', 'service_issue', '<script>alert("c")</script> The driver was rude.', '2026'),
    ('c-2', 'food_quality', 'My tea was cold when it came.', '2026'),
    ('c-3', 'billing', 'You charged my card twice, I call my lawyer.', '2026'),
    ('c-9', 'billing', 'Nobody has answered this yet.', '2026');
"""


def statement_app():
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.create_function("split", 2, lambda text, _: text)  # SQLite has no arrays
    database.create_function("array_contains", 2, lambda array, value: value in array.split(","))
    database.executescript(_TABLES)
    rows = [(*row, sequence) for sequence, row in enumerate(EVENTS)]
    database.executemany("INSERT INTO lakeflow.all_events VALUES (?, ?, ?, ?, ?, ?)", rows)
    app = FastAPI()

    @app.get("/.well-known/databricks-config")
    def config() -> dict:
        return {}

    @app.get("/api/2.0/postgres/synced_tables/kitchensrefundmanager.recommender.refund_recommendations")
    def synced_table() -> dict:
        return {
            "status": {
                "detailed_state": "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE",
                "last_sync": {
                    "sync_end_time": "2026-03-01T18:00:01.500Z",
                    "delta_table_sync_info": {"delta_commit_version": 3, "delta_commit_time": "2026-03-01T18:00:00Z"},
                },
            }
        }

    @app.get("/api/2.0/postgres/{name:path}")
    def not_found(name: str) -> JSONResponse:
        return JSONResponse({"error_code": "NOT_FOUND", "message": f"{name} does not exist"}, 404)

    @app.post("/api/2.0/sql/statements/")
    def execute(request: dict) -> dict:
        if request["warehouse_id"] != _WAREHOUSE:
            return {"statement_id": "1", "status": {"state": "FAILED", "error": {"message": "no such warehouse"}}}
        statement = request["statement"].replace(_CATALOG, "")  # SQLite's names have two levels
        if statement.count("FROM") != request["statement"].count(f"FROM {_CATALOG}"):
            return {"statement_id": "1", "status": {"state": "FAILED", "error": {"message": "a name without catalog"}}}
        values = {item["name"]: item["value"] for item in request.get("parameters", [])}
        found = database.execute(statement, values).fetchall()
        return {
            "statement_id": "1",
            "status": {"state": "SUCCEEDED"},
            "result": {"data_array": [[None if value is None else str(value) for value in row] for row in found]},
        }

    return app
