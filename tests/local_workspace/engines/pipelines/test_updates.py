"""Updates at moments which the whole workspace reaches only now and then: their end, and a disk without room."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from disks import GIB, Disk
from local_workspace.engines.pipelines.runner import UpdateProcess
from local_workspace.engines.pipelines.updates import Updates
from local_workspace.runtime.home import open_home
from local_workspace.runtime.prepared_python import PreparedPython
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso
from waiting import eventually

PIPELINE = {
    "pipeline_id": "p1",
    "name": "numbers",
    "spec": {"schema": "numbers", "libraries": [{"file": {"path": "/Workspace/numbers.py"}}]},
}


class EndedFirst(UpdateProcess):
    """A process that is ended just before it gets its request."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.begun, self.ended = threading.Event(), threading.Event()

    def run(self, request: dict) -> Iterator[dict]:
        self.begun.set()
        assert self.ended.wait(60)
        yield from super().run(request)

    def end(self) -> None:
        super().end()
        self.ended.set()


class Reporting(EndedFirst):
    """A process that takes its end for a failure and says so."""

    def run(self, request: dict) -> Iterator[dict]:
        with suppress(ValueError):
            yield from super().run(request)
        yield {"state": "FAILED", "message": "the update was interrupted", "error_class": "INTERRUPTED"}


@pytest.mark.parametrize("kind", [EndedFirst, Reporting])
def test_an_update_that_is_stopped_is_canceled_and_no_failure(tmp_path, kind):
    home = open_home(tmp_path / "home")
    (home.workspace_files / "numbers.py").write_text("")
    spark = SimpleNamespace(
        spark_home=tmp_path / "spark" / "home", remote="sc://localhost:1", wait_ready=lambda: None, catalog=str
    )
    process = kind(home, spark, PreparedPython([]))
    runner = SimpleNamespace(start=lambda: process)
    updates = Updates(home, Store(home.database), spark, runner, Disk().space)
    update_id = updates.begin(PIPELINE, False, "USER_ACTION")
    assert process.begun.wait(60)
    updates.cancel("p1")
    assert updates.get("p1", update_id)["state"] == "CANCELED"
    assert updates.list("p1", until=update_id) == updates.list("p1")
    assert [event["level"] for event in updates.log(PIPELINE).read()] == ["INFO"]


class Ending:
    """A process whose update completes at once."""

    def run(self, _request: dict) -> Iterator[dict]:
        yield {"state": "COMPLETED", "message": "", "timestamp": now_iso(), "event_type": "update_progress"}

    def end(self) -> None:
        """It has ended."""


@pytest.fixture
def disk() -> Disk:
    return Disk(free=0)


@pytest.fixture
def updates(tmp_path: Path, disk: Disk) -> Iterator[Updates]:
    home = open_home(tmp_path / "home")
    (home.workspace_files / "numbers.py").write_text("")
    spark = SimpleNamespace(remote="sc://localhost:1", wait_ready=lambda: None, catalog=str)
    runner = SimpleNamespace(start=Ending)
    updates = Updates(home, Store(home.database), spark, runner, disk.space)
    yield updates
    updates.stop()


def waiting(updates: Updates) -> str:
    """A new update that waits for room; returns its id."""
    update_id = updates.begin(PIPELINE, False, "USER_ACTION")
    eventually(lambda: updates.get("p1", update_id)["state"], "WAITING_FOR_RESOURCES")
    return update_id


def test_an_update_waits_for_room_on_the_disk(updates, disk):
    update_id = waiting(updates)
    eventually(lambda: [event["message"] for event in updates.log(PIPELINE).read()])
    assert "0.00 GiB are free" in updates.log(PIPELINE).read()[0]["message"]
    disk.free = 2 * GIB
    assert updates.wait("p1", update_id, 60) == "COMPLETED"


def test_an_update_that_waits_for_room_can_be_canceled(updates):
    update_id = waiting(updates)
    updates.cancel("p1")
    assert updates.get("p1", update_id)["state"] == "CANCELED"


def test_a_workspace_stops_while_an_update_waits_for_room(updates):
    update_id = waiting(updates)
    updates.stop()
    assert updates.get("p1", update_id)["state"] == "CANCELED"
