"""When a continuous pipeline begins another update."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from local_workspace.engines.pipelines.continuous import ContinuousLoop

SECONDS = 60


class Updates:
    """Updates that last until the test lets them end; `begun` has each one's number, `seen` the files it began with."""

    def __init__(self, landing: Path) -> None:
        self.landing, self.seen = landing, set[str]()
        self.begun: Queue[int] = Queue()
        self.may_end = threading.Semaphore(0)
        self.count = 0

    def run(self) -> bool:
        self.count += 1
        self.seen = {file.name for file in self.landing.iterdir()}
        self.begun.put(self.count)
        return self.may_end.acquire(timeout=SECONDS)


@pytest.fixture
def updates(landing: Path) -> Updates:
    return Updates(landing)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def loop(updates: Updates, landing: Path) -> Iterator[ContinuousLoop]:
    loop = ContinuousLoop("numbers", [landing, landing / "missing"], updates.run)
    loop.start()
    yield loop
    loop.stop()
    updates.may_end.release()
    assert loop.join(SECONDS)


def test_the_first_update_begins_at_once_and_another_when_a_file_lands(loop, updates, landing):
    assert updates.begun.get(timeout=SECONDS) == 1
    (landing / "_part").write_text("being written")
    (landing / ".hidden").write_text("")
    updates.may_end.release()
    (landing / "1.json").write_text("{}")
    assert updates.begun.get(timeout=SECONDS) == 2
    assert "1.json" in updates.seen  # the others are no reason for an update


def test_files_that_land_during_an_update_begin_one_more(loop, updates, landing):
    assert updates.begun.get(timeout=SECONDS) == 1
    (landing / "deep").mkdir()
    (landing / "deep" / "1.json").write_text("{}")
    (landing / "deep" / "2.json").write_text("{}")
    assert updates.begun.empty()  # never two at once
    updates.may_end.release()
    assert updates.begun.get(timeout=SECONDS) == 2


def test_after_stop_no_update_begins_though_files_have_landed(loop, updates, landing):
    assert updates.begun.get(timeout=SECONDS) == 1
    (landing / "1.json").write_text("{}")
    loop.stop()
    assert not loop.join(0)  # the update that runs is its owner's
    updates.may_end.release()
    assert loop.join(SECONDS)
    assert updates.count == 1
