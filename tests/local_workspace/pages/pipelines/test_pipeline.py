"""The pages of pipelines over an engine whose Spark server never starts."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from disks import Disk
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.pipelines.documents import Pipeline, Update
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.home import open_home
from local_workspace.runtime.store import Store
from page_client import PART, page_client

SCRIPT = "<script>alert(1)</script>"
PIPELINE: Pipeline = {
    "pipeline_id": "p-1",
    "name": f"Orders {SCRIPT}",
    "spec": {
        "name": f"Orders {SCRIPT}",
        "schema": "food",
        "libraries": [{"glob": {"include": "/Workspace/orders/**"}}],
        "configuration": {"source": SCRIPT},
    },
    "tables": ["`food`.`orders`"],
    "active": False,
    "last_modified": 1_700_000_000_000,
}


class Waiting(SimpleNamespace):
    """A Spark server that never becomes ready."""

    def wait_ready(self) -> None:
        raise RuntimeError("Spark is not ready")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(open_home(tmp_path / "home").database)
    Documents[Pipeline](store, "pipeline").put("p-1", PIPELINE)
    return store


@pytest.fixture
def engine(tmp_path: Path, store: Store) -> Iterator[PipelinesEngine]:
    home = open_home(tmp_path / "home")
    source = home.workspace_files / "orders" / "orders.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    engine = PipelinesEngine(home, store, Waiting(spark_home=tmp_path, catalog=lambda: "kitchens"), Disk().space)
    yield engine
    engine.stop()


@pytest.fixture
def client(engine: PipelinesEngine) -> Iterator[TestClient]:
    with page_client(pipelines=engine) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def failed(engine: PipelinesEngine, store: Store) -> str:
    """The id of an update that failed after it had written a table."""
    update: Update = {
        "pipeline_id": "p-1",
        "update_id": "u-000001",
        "cause": "JOB_TASK",
        "full_refresh": True,
        "creation_time": 1_700_000_000_000,
        "state": "FAILED",
        "config": PIPELINE["spec"],
    }
    Documents[Update](store, "pipeline_update/p-1").put("u-000001", update)
    engine.updates.storage("p-1").mkdir(parents=True)
    name = "kitchens.food.orders"
    expected = [{"name": "priced", "expression": "price > 0 AND '<b>' <> ''", "action": "DROP"}]
    counted = {"name": "priced", "dataset": "orders", "passed_records": 1200, "failed_records": 34}
    log = engine.events("p-1")
    log.append(
        "u-000001",
        "dataset_definition",
        "defined",
        details={
            "dataset_definition": {
                "name": name,
                "dataset_type": "STREAMING_TABLE",
                "num_flows": 1,
                "expectations": expected,
            }
        },
    )
    log.append(
        "u-000001",
        "flow_definition",
        "defined",
        details={
            "flow_definition": {
                "name": name,
                "output_dataset": name,
                "input_datasets": ["kitchens.raw.lines"],
                "flow_type": "APPEND",
                "comment": SCRIPT,
            }
        },
    )
    log.append(
        "u-000001",
        "flow_progress",
        "checked",
        dataset="orders",
        details={
            "flow_progress": {
                "status": "RUNNING",
                "data_quality": {"dropped_records": 34, "expectations": [counted]},
            }
        },
    )
    log.append(
        "u-000001",
        "flow_progress",
        "done",
        flow=name,
        details={"flow_progress": {"status": "COMPLETED", "metrics": {"num_output_rows": 1200}}},
    )
    log.append("u-000001", "update_progress", f"No such column {SCRIPT}", error="AnalysisException")
    return "u-000001"


@pytest.mark.parametrize("tab", ["graph", "updates", "events", "settings"])
def test_text_of_users_is_text(client, failed, tab):
    for path in ("/pipelines", f"/pipelines/p-1?tab={tab}", f"/pipelines/p-1/updates/{failed}?tab={tab}"):
        page = client.get(path)
        assert page.status_code == 200 and SCRIPT not in page.text, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text, path


def test_the_graph_shows_rows_quality_and_the_tables_of_others(client, failed):
    page = client.get("/pipelines/p-1").text
    assert 'href="/explore/data/kitchens/food/orders"' in page and 'href="/explore/data/kitchens/raw/lines"' in page
    assert "1,200 rows" in page and "Streaming table" in page and "2.8 %" in page
    assert "price &gt; 0 AND" in page and "Drop the row" in page
    assert "No such column" in page  # why the last update failed
    assert "hx-get" not in page  # nothing runs


def test_events_are_chosen_by_level(client, failed):
    errors = client.get("/pipelines/p-1?tab=events&level=ERROR").text
    assert "No such column" in errors and "flow_definition" not in errors
    assert "flow_definition" in client.get("/pipelines/p-1?tab=events").text
    assert "No events of this level." in client.get("/pipelines/p-1?tab=events&level=WARN").text
    assert client.get("/pipelines/p-1?tab=events&level=LOUD").status_code == 400


def test_a_full_refresh_asks_first_and_then_runs(client, engine):
    asked = client.get("/pipelines/p-1/full-refresh")
    assert asked.status_code == 200 and "food.orders" in asked.text and engine.updates.list("p-1") == []
    started = client.post("/pipelines/p-1/full-refresh")
    assert (started.status_code, started.headers["location"]) == (303, "/pipelines/p-1")
    [update] = engine.updates.list("p-1")
    assert (update["full_refresh"], update["cause"]) == (True, "USER_ACTION")
    assert engine.wait_update("p-1", update["update_id"], 60) == "FAILED"  # its Spark server never starts


def test_start_and_stop(client, engine):
    assert client.post("/pipelines/p-1/start").status_code == 303
    [update] = engine.updates.list("p-1")
    assert (update["full_refresh"], update["cause"]) == (False, "USER_ACTION")
    assert client.post("/pipelines/p-1/stop").headers["location"] == "/pipelines/p-1"
    assert engine.state("p-1") == "IDLE"


def test_what_is_unknown_is_said_on_a_page(client, failed):
    for path in ("/pipelines/p-2", "/pipelines/p-1/updates/u-2"):
        answer = client.get(path)
        assert answer.status_code == 404 and "text/html" in answer.headers["content-type"]


def test_a_pipeline_without_updates_says_how_to_fill_its_tables(client):
    assert "Start one to fill the tables" in client.get("/pipelines/p-1?tab=updates").text
    assert client.get("/pipelines", headers=PART).text.startswith("<section")
