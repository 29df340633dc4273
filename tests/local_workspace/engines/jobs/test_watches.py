"""Triggers that watch files and tables: what counts as a change, when a run starts, and what survives a restart."""

import json
import threading
from pathlib import Path

import pytest

from local_workspace.engines.jobs.sources import Commit, Sources
from local_workspace.engines.jobs.watches import Watches
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.store import Store

ARRIVAL = {"url": "/Volumes/c/s/v/in/"}
TABLES = ["c.s.a", "c.s.b"]


class World:
    """A folder of files and tables, a clock, and the runs that were started."""

    def __init__(self, root: Path) -> None:
        self.root, self.now, self.started, self.dropped = root, 0, [], False
        self.store = Store(root / "store.db")
        self.sources = Sources(self.folder, self.folder)
        self.watches = self.opened()

    def opened(self) -> Watches:
        return Watches(self.store, self.sources, self.start, threading.RLock(), lambda: self.now)

    def start(self, _: int, start: object) -> None:
        self.started.append(start)

    def folder(self, name: str) -> Path:
        if self.dropped:
            raise not_found("Volume 'c.s.v' does not exist")
        return self.root / name.strip("/")

    def file(self, name: str, text: str = "") -> None:
        path = self.folder(ARRIVAL["url"]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, table: str, version: int, *actions: dict) -> None:
        log = self.folder(table) / "_delta_log"
        log.mkdir(parents=True, exist_ok=True)
        lines = actions or ({"commitInfo": {}}, {"add": {"path": "x", "dataChange": True}})
        (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, lines)))

    def look(self, job: dict, seconds: int = 60) -> int:
        """Look after some seconds; the number of runs started until now."""
        self.now += seconds * 1000
        self.watches.look(job)
        return len(self.started)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.store.close()


def job(**trigger: object) -> dict:
    return {"job_id": 7, "created_time": 0, "settings": {"name": "x", "trigger": trigger}}


def test_new_files_start_a_run_and_those_from_before_or_overwritten_do_not(world):
    watching = job(file_arrival=ARRIVAL)
    world.file("old.json")
    world.watches.put(watching)
    world.file("old.json", "changed")
    world.file("_being_written.json.12345678")
    world.file("deep/.hidden")
    assert world.look(watching) == 0
    world.file("deep/down/new.json")
    assert [world.look(watching), world.look(watching)] == [1, 1]
    assert world.started[0].trigger == "FILE_ARRIVAL"
    assert world.started[0].trigger_values == {"job.trigger.file_arrival.location": ARRIVAL["url"]}


def test_a_file_that_was_deleted_may_arrive_again(world):
    watching = job(file_arrival=ARRIVAL)
    world.file("a.json")
    world.watches.put(watching)
    (world.folder(ARRIVAL["url"]) / "a.json").unlink()
    assert world.look(watching) == 0
    world.file("a.json")
    assert world.look(watching) == 1


def test_a_run_waits_for_its_time_since_the_last_one(world):
    watching = job(file_arrival={**ARRIVAL, "min_time_between_triggers_seconds": 300})
    world.watches.put(watching)
    world.now = 1_000_000
    world.file("1")
    assert world.look(watching) == 1
    world.file("2")
    assert [world.look(watching, 240), world.look(watching, 59), world.look(watching, 1)] == [1, 1, 2]


def test_a_run_waits_until_no_more_files_arrive(world):
    watching = job(file_arrival={**ARRIVAL, "wait_after_last_change_seconds": 120})
    world.watches.put(watching)
    world.file("1")
    assert world.look(watching) == 0
    world.file("2")
    assert [world.look(watching), world.look(watching), world.look(watching)] == [0, 0, 1]


def test_any_table_that_is_updated_starts_a_run(world):
    watching = job(table_update={"table_names": TABLES})
    for table in TABLES:
        world.commit(table, 0)
    world.watches.put(watching)
    assert world.look(watching) == 0
    world.commit("c.s.b", 1)
    world.commit("c.s.b", 2)
    assert [world.look(watching), world.look(watching)] == [1, 1]
    assert world.started[0].trigger == "TABLE"
    values = world.started[0].trigger_values
    assert values["job.trigger.table_update.updated_tables"] == '["c.s.b"]'
    assert values["job.trigger.table_update.c.s.b.version"] == "2"
    assert "job.trigger.table_update.c.s.a.version" not in values


def test_all_tables_must_be_updated_if_the_trigger_says_so(world):
    watching = job(table_update={"table_names": TABLES, "condition": "ALL_UPDATED"})
    world.watches.put(watching)
    world.commit("c.s.a", 0)
    assert world.look(watching) == 0
    assert list(world.watches.get(7)["updates"]) == ["c.s.a"]
    world.commit("c.s.b", 0)
    assert [world.look(watching), world.look(watching)] == [1, 1]


def test_a_commit_that_changes_no_rows_is_no_update(world):
    world.commit("c.s.a", 0)
    world.commit("c.s.a", 1, {"add": {"dataChange": False}}, {"remove": {"dataChange": False}})
    world.commit("c.s.a", 2, {"metaData": {}})
    assert world.sources.latest("c.s.a", 0) is None
    assert world.sources.latest("c.s.a").version == 0


def test_a_table_that_was_made_again_has_been_updated(world):
    world.commit("c.s.a", 3)
    assert isinstance(world.sources.latest("c.s.a", 40), Commit)


def test_what_is_seen_survives_a_restart_and_a_run_that_was_started_has_the_same_token(world):
    watching = job(file_arrival=ARRIVAL)
    world.watches.put(watching)
    world.file("while it was down")
    world.watches = world.opened()
    world.watches.put(watching)
    before = world.watches.get(7)
    assert world.look(watching) == 1
    world.store.put("job_watch", "7", before)  # killed before the state was stored
    assert world.look(watching) == 2
    assert world.started[0].token == world.started[1].token
    world.file("later")
    assert world.look(watching) == 3
    assert world.started[2].token != world.started[0].token


def test_another_path_begins_anew_and_no_trigger_or_no_job_leaves_nothing(world):
    world.watches.put(job(file_arrival=ARRIVAL))
    world.file("a")
    elsewhere = job(file_arrival={"url": "/Volumes/c/s/v/"})
    world.watches.put(elsewhere)
    assert world.look(elsewhere) == 0
    for forget in (lambda: world.watches.put(job()), lambda: world.watches.remove(7)):
        world.watches.put(elsewhere)
        forget()
        assert world.watches.get(7) is None


def test_what_does_not_exist_is_refused_at_first_and_waited_for_later(world, caplog):
    watching = job(file_arrival=ARRIVAL)
    world.dropped = True
    with pytest.raises(ApiError, match="does not exist"):
        world.watches.put(watching)
    world.dropped = False
    world.watches.put(watching)
    world.file("a")
    world.dropped = True
    assert world.look(watching) == 0
    assert "job 7 can't be evaluated" in caplog.text
    world.dropped = False
    assert world.look(watching) == 1


def test_a_clock_that_is_set_back_delays_no_run(world):
    watching = job(
        file_arrival=ARRIVAL | {"min_time_between_triggers_seconds": 60, "wait_after_last_change_seconds": 60}
    )
    world.now = 10**9
    world.file("old.json")
    world.watches.put(watching)
    world.file("first.json")
    assert [world.look(watching), world.look(watching)] == [0, 1]
    world.file("second.json")
    assert [world.look(watching, -600), world.look(watching)] == [1, 2]
