"""What is kept of the metastore ends with what it describes; the Spark server's part is in test_current.py."""

import json
from pathlib import Path

import pytest

from local_workspace.engines.catalog.kept import KeptDocuments, Wanted
from local_workspace.runtime.home import Home, open_home


class Metastore:
    """A metastore whose readings are counted; `counts` are those of its changes, by table and schema."""

    def __init__(self, home: Home) -> None:
        self._home, self.kept = home, KeptDocuments(home)
        self.readings, self.documents = 0, [{"name": "salt", "location": None}]

    def changed(self, counts: dict[str, int], table: str = "relations", server: str = "s-1") -> None:
        tables = {"schemas": {}, "relations": {}, "routines": {}, table: counts}
        self._home.metastore_changes.write_text(json.dumps({"server": server, "counts": tables}))

    def read(self, *wanted: str) -> list[object]:
        return self.kept.documents(Wanted(*wanted), self._read)

    def _read(self) -> list[str]:
        self.readings += 1
        return list(map(json.dumps, self.documents))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


@pytest.fixture
def metastore(home: Home) -> Metastore:
    return Metastore(home)


def test_nothing_is_kept_while_the_server_does_not_count(metastore):
    assert metastore.read("relations", "food") == metastore.read("relations", "food") == metastore.documents
    assert metastore.readings == 2


@pytest.mark.parametrize(
    ("table", "counts", "server", "readings"),
    [
        ("relations", {"food": 1}, "s-1", 1),
        ("relations", {"food": 1, "drinks": 1}, "s-1", 1),
        ("routines", {"food": 2}, "s-1", 2),  # without a count of its relations
        ("relations", {"food": 2}, "s-1", 2),
        ("relations", {"food": 1}, "s-2", 2),
    ],
)
def test_a_reading_is_kept_until_its_schema_or_the_server_is_another_one(metastore, table, counts, server, readings):
    metastore.changed({"food": 1})
    metastore.read("relations", "Food")
    metastore.changed(counts, table, server)
    metastore.read("relations", "Food")
    assert metastore.readings == readings


def test_a_reading_of_all_schemas_ends_with_a_change_of_any(metastore):
    metastore.changed({"food": 1})
    metastore.read("relations")
    metastore.changed({"food": 1, "drinks": 1})
    metastore.read("relations")
    assert metastore.readings == 2


def test_a_change_during_a_reading_is_seen_by_the_next(metastore):
    metastore.changed({"food": 1})

    def change_then_answer() -> list[str]:
        metastore.changed({"food": 2})
        return ['"old"']

    assert metastore.kept.documents(Wanted("relations", "food"), change_then_answer) == ["old"]
    assert metastore.read("relations", "food") == metastore.documents


def test_another_catalogs_texts_are_read_again(metastore, home):
    metastore.changed({})
    home.catalog_name.write_text("kitchens")
    metastore.read("relations", "food")
    home.catalog_name.write_text("bakeries")
    metastore.read("relations", "food")
    assert metastore.readings == 2


@pytest.mark.parametrize(("versions", "readings"), [([3], 1), ([3, 4], 2), ([], 2)])
def test_a_commit_that_the_metastore_knows_nothing_of_ends_a_reading(metastore, tmp_path, versions, readings):
    metastore.changed({})
    log = tmp_path / "a table" / "_delta_log"
    log.mkdir(parents=True)
    properties = {"delta.lastUpdateVersion": "3"}
    metastore.documents = [{"name": "salt", "location": log.parent.as_uri(), "properties": properties}]
    for version in versions:
        (log / f"{version:020}.json").touch()
    metastore.read("relations", "food")
    metastore.read("relations", "food")
    assert metastore.readings == readings


def test_what_is_wanted_becomes_a_condition_in_lower_case():
    assert Wanted("schemas").condition == ""
    assert Wanted("schemas", "Food").condition == " WHERE `name` = 'food'"
    assert Wanted("relations", "Food", "Salt").condition == " WHERE `schema` = 'food' AND `name` = 'salt'"
