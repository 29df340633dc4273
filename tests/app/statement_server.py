"""A small SQL Statement API over SQLite: the statements are really executed, their parameters really bound."""

import json
import sqlite3

from fastapi import FastAPI

_WAREHOUSE = "warehouse-1"


def event(event_type, ts, body, order_id="AAA111", location_id=1):
    return (event_type, ts, location_id, order_id, json.dumps(body))


COURSE = [
    event("order_created", "2026-03-01T18:00:00.000Z", {"items": [
        {"id": 1, "name": "Pad <b>Thai</b>", "price": 12.5, "qty": 2},
        {"id": 2, "name": "Tea", "price": 3.25, "qty": 1}]}),
    event("gk_started", "2026-03-01T18:01:30.000Z", {}),
    event("driver_picked_up", "2026-03-01T18:20:00.000Z", {"route_points": []}),
    event("driver_ping", "2026-03-01T18:21:00.000Z", {"progress_pct": 20}),
    event("driver_ping", "2026-03-01T18:22:00.000Z", {"progress_pct": 60}),
    event("delivered", "2026-03-01T18:45:00.000Z", {}),
]


def statement_app(events=COURSE):
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("ATTACH ':memory:' AS lakeflow")
    database.execute("CREATE TABLE lakeflow.all_events (event_type, ts, location_id, order_id, body, sequence)")
    rows = [(*row, place) for place, row in enumerate(events)]
    database.executemany("INSERT INTO lakeflow.all_events VALUES (?, ?, ?, ?, ?, ?)", rows)
    app = FastAPI()

    @app.get("/.well-known/databricks-config")
    def config() -> dict:
        return {}

    @app.post("/api/2.0/sql/statements/")
    def execute(request: dict) -> dict:
        if request["warehouse_id"] != _WAREHOUSE:
            return {"statement_id": "1", "status": {"state": "FAILED", "error": {"message": "no such warehouse"}}}
        values = {item["name"]: item["value"] for item in request["parameters"]}
        found = database.execute(request["statement"], values).fetchall()
        return {"statement_id": "1", "status": {"state": "SUCCEEDED"},
                "result": {"data_array": [[str(value) for value in row] for row in found]}}

    return app
