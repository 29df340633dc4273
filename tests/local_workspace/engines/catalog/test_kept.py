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


@pytest.fixture
def log(metastore, tmp_path) -> Path:
    """The Delta log of a table whose document is of version 3."""
    folder = tmp_path / "a table" / "_delta_log"
    folder.mkdir(parents=True)
    properties = {"delta.lastUpdateVersion": "3", "delta.lastCommitTimestamp": "5", "delta.minReaderVersion": "1"}
    table = {"name": "salt", "location": folder.parent.as_uri(), "properties": properties}
    metastore.documents = [{**table, "created_at": 4, "updated_at": 5}]
    metastore.changed({})
    return folder


def commit(log: Path, version: int, *actions: dict[str, object]) -> int:
    """Write a commit; the time of its file in milliseconds."""
    file = log / f"{version:020}.json"
    file.write_text("".join(json.dumps(action) + "\n" for action in ({"commitInfo": {}}, *actions)))
    return file.stat().st_mtime_ns // 1_000_000


def test_commits_of_data_bring_a_document_up_to_date_without_a_reading(metastore, log):
    commit(log, 3)
    assert metastore.read("relations", "food") == metastore.read("relations", "food") == metastore.documents
    commit(log, 4, {"add": {"path": '{"metaData"}'}})
    last = commit(log, 5, {"remove": {"path": "a"}})
    for _ in range(2):
        [table] = metastore.read("relations", "food")
        assert (table["properties"]["delta.lastUpdateVersion"], table["updated_at"]) == ("5", last)
        assert table["properties"]["delta.lastCommitTimestamp"] == str(last)
    assert metastore.readings == 1


@pytest.mark.parametrize(
    "action",
    [
        {"metaData": {"id": "a"}},
        {"protocol": {"minReaderVersion": 3}},
        {"commitInfo": {"inCommitTimestamp": 7}},
    ],
)
def test_a_commit_of_more_than_data_ends_a_reading(metastore, log, action):
    commit(log, 3)
    metastore.read("relations", "food")
    commit(log, 4)
    commit(log, 5, action)
    commit(log, 6)
    metastore.read("relations", "food")
    assert metastore.readings == 2


def test_a_log_without_the_documents_version_ends_a_reading(metastore, log):
    commit(log, 4)
    metastore.read("relations", "food")
    metastore.read("relations", "food")
    assert metastore.readings == 2


def test_what_is_wanted_becomes_a_condition_in_lower_case():
    assert Wanted("schemas").condition == ""
    assert Wanted("schemas", "Food").condition == " WHERE `name` = 'food'"
    assert Wanted("relations", "Food", "Salt").condition == " WHERE `schema` = 'food' AND `name` = 'salt'"
