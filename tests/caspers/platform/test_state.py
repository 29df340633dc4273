"""What was registered: its state, and its removal, on a running workspace."""

from collections.abc import Iterator

import psycopg
import pytest

import caspers
from caspers.platform import lakebase, state
from caspers.platform.connect import Workbook
from caspers.platform.state import Resource
from caspers.platform.status import MISSING, full_name, resource_path, status
from caspers.platform.teardown import destroy
from lakebase_workspace import make_database

pytestmark = pytest.mark.slow


@pytest.fixture
def ws(connected: dict[str, str]) -> Iterator[Workbook]:
    """A workbook whose register is empty; in the session's one catalog, which is made if no test has yet."""
    ws = caspers.connect("caspersdev")
    names = [catalog.name for catalog in ws.w.catalogs.list()]
    if not names:
        ws.w.catalogs.create(name="caspersdev")
    ws = Workbook(names[0] if names else "caspersdev", ws.connection)
    assert destroy(again(ws)) == []
    yield ws
    assert destroy(again(ws)) == []


def again(ws: Workbook) -> Workbook:
    """The same workbook opened anew: a destroyed one has lost its warehouse."""
    return Workbook(ws.catalog, ws.connection)


@pytest.fixture
def kitchen(ws: Workbook) -> Workbook:
    """The workbook with a schema, a volume, a table of three rows, a view and a function, all registered."""
    ws.w.schemas.create(name="galley", catalog_name=ws.catalog)
    ws.w.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/volumes",
        body={"catalog_name": ws.catalog, "schema_name": "galley", "name": "pantry", "volume_type": "MANAGED"},
    )
    ws.sql("CREATE TABLE galley.pans AS SELECT id FROM range(3)")
    ws.sql("CREATE VIEW galley.large_pans AS SELECT id FROM galley.pans WHERE id > 1")
    ws.sql("CREATE FUNCTION galley.double(x INT) RETURNS INT RETURN 2 * x")
    for kind, name in (
        ("schema", "galley"),
        ("volume", "galley.pantry"),
        ("table", "galley.pans"),
        ("view", "galley.large_pans"),
        ("function", "galley.double"),
    ):
        state.register(ws, "Kitchen", kind, id=f"{ws.catalog}.{name}", name=f"{ws.catalog}.{name}")
    return ws


def states(ws: Workbook) -> dict[str, str]:
    return {entry["type"]: entry["state"] for entry in status(ws)}


def test_status_asks_the_owners(kitchen: Workbook) -> None:
    state.register(kitchen, "Kitchen", "warehouse", id=kitchen.warehouse_id, name="caspers")
    entries = {entry["type"]: entry for entry in status(kitchen)}
    assert list(entries) == ["schema", "volume", "table", "view", "function", "warehouse"]
    assert entries["table"] == {
        "type": "table",
        "name": f"{kitchen.catalog}.galley.pans",
        "task": "Kitchen",
        "state": "ACTIVE",
        "url": None,
        "rows": 3,
    }
    assert {entries[kind]["state"] for kind in ("schema", "volume", "view", "function")} == {"ACTIVE"}
    assert entries["warehouse"]["state"] == "RUNNING"


def test_status_of_what_someone_else_removed_is_missing(kitchen: Workbook) -> None:
    kitchen.sql("DROP TABLE galley.pans")
    state.register(kitchen, "Kitchen", "pipeline", id="no-such", name="no such")
    found = states(kitchen)
    assert found["table"] == MISSING
    assert found["pipeline"] == MISSING
    assert found["volume"] == "ACTIVE"


def test_destroy_leaves_nothing_and_repeats(kitchen: Workbook) -> None:
    assert destroy(kitchen) == []
    left = {schema.name for schema in kitchen.w.schemas.list(catalog_name=kitchen.catalog)}
    assert not left & {"galley", "_internal_state"}
    assert state.resources(again(kitchen)) == []
    assert destroy(again(kitchen)) == []


def test_what_is_gone_already_is_no_problem(kitchen: Workbook) -> None:
    kitchen.sql("DROP FUNCTION galley.double")
    state.register(kitchen, "Kitchen", "app", id="no-such-app", name="no-such-app")
    state.register(kitchen, "Kitchen", "endpoint", id="no_such", name="no_such")
    state.register(kitchen, "Kitchen", "job", id="123456", name="no such")
    state.register(kitchen, "Kitchen", "postgres_project", id="projects/no-such", name="no-such")
    state.register(kitchen, "Kitchen", "model", id="no.such.model", name="no.such.model")
    assert destroy(kitchen) == []


def test_what_cannot_go_is_named_and_what_it_needs_stays(kitchen: Workbook) -> None:
    piano = Resource("piano", "1", "grand", "Kitchen")
    state.register(kitchen, "Kitchen", piano.type, piano.id, piano.name)
    assert destroy(kitchen) == ["piano grand: the workbook does not know how to remove this type"]
    assert states(kitchen) == {
        "schema": "ACTIVE",
        "volume": MISSING,
        "table": MISSING,
        "view": MISSING,
        "function": MISSING,
        "piano": "UNKNOWN",
    }
    state.forget(kitchen, piano)
    assert destroy(kitchen) == []


def test_names_and_paths(ws: Workbook) -> None:
    assert full_name(ws, "ai.f") == f"{ws.catalog}.ai.f" == full_name(ws, f"{ws.catalog}.ai.f")
    assert full_name(ws, "ai", 2) == f"{ws.catalog}.ai" == full_name(ws, f"{ws.catalog}.ai", 2)
    assert full_name(ws, "c", 1) == "c"
    assert resource_path("projects", "x") == "projects/x" == resource_path("projects", "projects/x")


def test_a_postgres_projects_url_lets_a_client_in(ws: Workbook) -> None:
    make_database(ws.w, "galley", "galleypg", "stock")
    state.register(
        ws, "Kitchen", "postgres_project", id="projects/galley", name="galley", payload={"database": "stock"}
    )
    state.register(ws, "Kitchen", "postgres_catalog", id="galleypg", name="galleypg")
    entries = {entry["type"]: entry for entry in status(ws)}
    with psycopg.connect(entries["postgres_project"]["url"]) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("stock",)
    assert [entry["state"] for entry in entries.values()] == ["ACTIVE", "ACTIVE"]
    assert destroy(ws) == []
    assert lakebase.find(ws.w.postgres.get_project, "projects/galley") is None
