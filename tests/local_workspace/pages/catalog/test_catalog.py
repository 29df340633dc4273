"""The pages of the catalog over Unity Catalog's engines; Spark's metastore is a list of documents."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from fastapi.testclient import TestClient

from local_workspace.engines.catalog import Change, UnityCatalog, unity_catalog
from local_workspace.engines.files import VolumeFiles
from local_workspace.engines.models import ModelFiles
from local_workspace.runtime.home import open_home
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.store import Store
from page_client import PART, page_client

SCRIPT = "<script>alert(1)</script>"
ORDERS = "kitchens.food.orders"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"
FIELD = {
    "type_text": "string",
    "type_name": "STRING",
    "type_json": '"string"',
    "type_precision": None,
    "type_scale": None,
    "type_interval_type": None,
    "nullable": True,
    "default_value": None,
    "partition_index": None,
}
MADE = {"created_at": 1_700_000_000_000, "updated_at": 1_700_000_000_000}


class Metastore:
    """Spark's sessions, as far as they list schemas, tables and functions."""

    def __init__(self, **documents: list[dict]) -> None:
        self._documents = documents
        self.table = Mock()
        self.catalog = SimpleNamespace(databaseExists=Mock(return_value=True))

    def session(self) -> "Metastore":
        return self

    def sql(self, statement: str) -> SimpleNamespace:
        kind = re.search(r"local_workspace\.(\w+)", statement)[1]
        wanted = dict(re.findall(r"`(\w+)` = '(\w+)'", statement))
        found = [each for each in self._documents[kind] if wanted.items() <= each.items()]
        rows = [SimpleNamespace(document=json.dumps(each)) for each in found]
        return SimpleNamespace(collect=lambda: rows)


def relation(name: str, kind: str, **more: object) -> dict:
    columns = [{**FIELD, "name": f"name {SCRIPT}", "position": 0, "comment": f"column {SCRIPT}"}]
    shown = {"schema": "food", "name": name, "type": kind, "format": None, "location": None, "properties": {}}
    return {**shown, "view_text": None, "comment": f"table {SCRIPT}", **MADE, "id": None, "columns": columns, **more}


@pytest.fixture
def unity(tmp_path: Path) -> UnityCatalog:
    folder = tmp_path / "orders"
    write_deltalake(str(folder), pa.table({"n": pa.array(range(58), pa.int64())}))
    parameter = {**FIELD, "name": "order", "position": 0, "comment": SCRIPT, "default_value": "'x'"}
    metastore = Metastore(
        schemas=[{"name": "food", "comment": SCRIPT, "location": "/food", "owner": "you@localhost", **MADE}],
        relations=[
            relation("orders", "STREAMING_TABLE", format="delta", location=folder.as_uri(), properties={"p": SCRIPT}),
            relation("recent", "VIEW", view_text=f"SELECT '{SCRIPT}'"),
        ],
        routines=[
            {
                "schema": "food",
                "name": "total",
                "parameters": [parameter],
                "returns": {**FIELD, "name": "", "position": 0, "comment": None},
                "return_columns": None,
                "definition": f"SELECT '{SCRIPT}'",
                "comment": SCRIPT,
                "is_deterministic": True,
                "reads_data": True,
                **MADE,
            }
        ],
    )
    home = open_home(tmp_path / "home")
    unity = unity_catalog(home, Store(home.database), metastore, "you@localhost")
    unity.catalog.create_catalog("kitchens", f"catalog {SCRIPT}")
    unity.catalog.create_volume("kitchens", "food", "events", f"volume {SCRIPT}")
    unity.grants.update("catalog", "kitchens", [Change(f"cook {SCRIPT}", ["SELECT"])])
    unity.models.create("kitchens.food.agent", f"model {SCRIPT}", {"task": SCRIPT})
    details = {"source": "s", "run_id": "r", "model_id": "m", "comment": SCRIPT, "tags": {}, "dependencies": []}
    unity.models.create_version("kitchens.food.agent", details)
    unity.models.set_alias("kitchens.food.agent", "champion", 1)
    inputs = [{"name": SCRIPT, "type": "array", "items": {"type": "string"}, "required": False}]
    signature = {"inputs": json.dumps(inputs), "outputs": None}
    (unity.models.folder("kitchens.food.agent", 1) / "MLmodel").write_text(json.dumps({"signature": signature}))
    return unity


@pytest.fixture
def pipelines() -> SimpleNamespace:
    """A pipeline that reads orders and writes sales."""
    definition = {"output_dataset": "kitchens.food.sales", "input_datasets": ["kitchens.food.orders"]}
    event = {"origin": {"update_id": "u-1"}, "details": {"flow_definition": definition}}
    log = SimpleNamespace(read=lambda: [event])
    return SimpleNamespace(list=lambda: [{"name": SCRIPT, "pipeline_id": "p-1"}], events=Mock(return_value=log))


@pytest.fixture
def statements() -> SimpleNamespace:
    columns = [{"name": f"n {SCRIPT}", "type_text": "STRING"}, {"name": "m", "type_text": "INT"}]
    answer = {
        "status": {"state": "SUCCEEDED"},
        "manifest": {"schema": {"columns": columns}},
        "result": {"data_array": [[SCRIPT, None], ["x" * 600, "7"]]},
    }
    return SimpleNamespace(execute=Mock(return_value=answer))


@pytest.fixture
def client(
    unity: UnityCatalog, pipelines: SimpleNamespace, statements: SimpleNamespace, tmp_path: Path
) -> Iterator[TestClient]:
    uploads = PartialFiles(tmp_path / "home" / "uploads.partial")
    job = {"job_id": 7, "settings": {"name": "On orders", "trigger": {"table_update": {"table_names": [ORDERS]}}}}
    with page_client(
        unity=unity,
        pipelines=pipelines,
        jobs=SimpleNamespace(find=lambda: [job]),
        postgres=SimpleNamespace(synced=SimpleNamespace(names=list)),
        statements=statements,
        files=VolumeFiles(unity.volume_paths, uploads),
        model_files=ModelFiles(unity.models, uploads),
    ) as client:
        client.headers.update(PART)
        yield client


TABLE = "/explore/data/kitchens/food/orders"
PATHS = [
    "/explore/data",
    "/explore/data/kitchens",
    "/explore/data/kitchens?activeTab=details",
    "/explore/data/kitchens?activeTab=permissions",
    "/explore/data/kitchens/food",
    "/explore/data/kitchens/food?activeTab=permissions",
    TABLE,
    f"{TABLE}?activeTab=details",
    f"{TABLE}?activeTab=permissions",
    f"{TABLE}?activeTab=lineage",
    "/explore/sample/kitchens/food/orders",
    "/explore/data/kitchens/food/recent",
    "/explore/data/functions/kitchens/food/total",
    "/explore/data/functions/kitchens/food/total?activeTab=permissions",
    "/explore/data/volumes/kitchens/food/events",
    "/explore/data/models/kitchens/food/agent",
    "/explore/data/models/kitchens/food/agent/version/1",
]


@pytest.mark.parametrize("path", PATHS)
def test_text_of_users_is_text(client, path):
    page = client.get(path)
    assert page.status_code == 200 and SCRIPT not in page.text
    assert SHOWN in page.text


def test_a_table_shows_its_size_from_the_delta_log(client):
    page = client.get(TABLE).text
    assert "<dt>Rows</dt><dd>58</dd>" in page and "Streaming table" in page
    history = client.get(f"{TABLE}?activeTab=history").text
    assert "WRITE" in history and "num_added_rows" in history
    view = client.get("/explore/data/kitchens/food/recent").text
    assert "View definition" in view and "activeTab=history" not in view


def test_sample_rows_show_null_as_such_and_cut_long_text(client):
    sample = client.get("/explore/sample/kitchens/food/orders").text
    assert '<span class="null">null</span>' in sample
    assert "x" * 500 + "…" in sample and "x" * 501 not in sample


def test_lineage_leads_to_the_pipeline_and_the_job(client):
    page = client.get(f"{TABLE}?activeTab=lineage").text
    assert 'href="/pipelines/p-1"' in page and 'href="/jobs/7"' in page
    assert 'href="/explore/data/kitchens/food/sales"' in page
    alone = client.get("/explore/data/kitchens/food/recent?activeTab=lineage").text
    assert "No lineage" in alone


def test_privileges_name_what_they_come_from(client):
    page = client.get(f"{TABLE}?activeTab=permissions").text
    assert 'href="/explore/data/kitchens?activeTab=permissions"' in page and "SELECT" in page


def test_the_tree_opens_at_the_page(client):
    tree = client.get("/explore/tree", params={"opened": "kitchens.food", "current": TABLE}).text
    assert 'hx-get="/explore/tree/kitchens/food?current=%2Fexplore' in tree and 'hx-trigger="load"' in tree
    schema = client.get("/explore/tree/kitchens/food", params={"current": TABLE}).text
    assert f'<a href="{TABLE}" aria-current="page">orders</a>' in schema
    assert all(f"{kind} (" in schema for kind in ("Tables", "Volumes", "Models", "Functions"))


def test_files_of_a_volume_are_saved_and_never_run(client, unity):
    folder = Path(unity.volumes.get("kitchens.food.events")["storage_location"])
    (folder / "day 1").mkdir()
    (folder / "day 1" / "page&1.html").write_text(SCRIPT)
    volume = "/explore/data/volumes/kitchens/food/events"
    inner = "/Volumes/kitchens/food/events/day 1"
    assert "?volumePath=%2FVolumes%2Fkitchens%2Ffood%2Fevents%2Fday%201" in client.get(volume).text
    listed = client.get(volume, params={"volumePath": inner}).text
    assert "/explore/files?path=%2FVolumes%2Fkitchens%2Ffood%2Fevents%2Fday%201%2Fpage%261.html" in listed
    saved = client.get("/explore/files", params={"path": f"{inner}/page&1.html"})
    assert saved.text == SCRIPT
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in saved.headers["content-security-policy"]
    assert client.get("/explore/files", params={"path": "/Volumes/kitchens/food/events/../x"}).status_code == 400


def test_a_long_folder_comes_in_parts(client, unity):
    folder = Path(unity.volumes.get("kitchens.food.events")["storage_location"])
    for number in range(201):
        (folder / f"{number:03}.json").touch()
    volume = "/explore/data/volumes/kitchens/food/events"
    first, second = client.get(volume).text, client.get(f"{volume}?start=200").text
    assert "199.json" in first and "200.json" not in first and "1 to 200 of 201" in first
    assert "200.json" in second and "199.json" not in second


def test_the_frame_of_a_page_needs_no_spark_and_loads_the_rest(client, unity):
    del client.headers["HX-Request"]
    unity.tables.get = Mock(side_effect=AssertionError)
    frame = client.get(f"{TABLE}?activeTab=sample").text
    assert f'hx-get="{TABLE}?activeTab=sample"' in frame and frame.count("<h1>orders</h1>") == 1
    assert 'hx-get="/explore/tree?opened=kitchens.food&amp;current=' in frame


def test_what_is_unknown_is_said_in_the_page(client):
    for path in ("nowhere", "kitchens/nothing", "kitchens/food/nothing", "functions/kitchens/food/nothing"):
        page = client.get(f"/explore/data/{path}").text
        assert "does not exist" in page and "<h1>" in page, path
    for path in ("models/a/b/c", "volumes/kitchens/food/nothing"):
        assert client.get(f"/explore/data/{path}").status_code == 404, path


def test_a_model_shows_aliases_and_its_signature(client):
    assert "@champion" in client.get("/explore/data/models/kitchens/food/agent").text
    version = client.get("/explore/data/models/kitchens/food/agent/version/1").text
    assert "Inputs" in version and "array" in version and "@champion" in version
