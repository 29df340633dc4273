"""Too little free space: it is said, waited for, and what a full disk did not take is done again."""

import errno
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from disks import GIB, Disk, fill, small_disk
from local_workspace.runtime.errors import StorageError, disk_full
from local_workspace.runtime.free_space import is_full
from local_workspace.runtime.home import Home, write_atomically
from local_workspace.runtime.processes import Processes, process_with_argument
from local_workspace.runtime.store import Store
from waiting import eventually


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real disk of 32 MB."""
    with small_disk(tmp_path_factory.mktemp("small"), 32 * 1024**2) as mounted:
        yield mounted


def in_thread(call: object, *args: object) -> list[object]:
    """What `call` returns, once it does, as the list's only element."""
    answers: list[object] = []
    threading.Thread(target=lambda: answers.append(call(*args)), daemon=True).start()
    return answers


def test_the_report_says_how_much_is_free_how_much_is_needed_and_what_to_do(disk):
    assert disk.space.report() == {"free_bytes": 2 * GIB, "needed_bytes": GIB, "message": ""}
    disk.space.check()
    disk.free = GIB // 4
    message = disk.space.report()["message"]
    assert "0.25 GiB are free on the disk of /disk, 1.00 GiB are needed" in message and "Make room" in message
    with pytest.raises(StorageError, match="0.25 GiB") as refused:
        disk.space.check()
    assert (refused.value.status, refused.value.error_code) == (507, "RESOURCE_EXHAUSTED")


def test_waiting_ends_with_room_with_a_reason_to_give_up_or_with_the_workspace(disk):
    assert disk.space.wait()
    disk.free = 0
    assert not disk.space.wait(lambda: True)
    waits = in_thread(disk.space.wait)
    disk.free = 2 * GIB
    eventually(lambda: waits, [True])
    disk.free = 0
    waits = in_thread(disk.space.wait)
    disk.space.close()
    eventually(lambda: waits, [False])


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "full"), disk_full()])
def test_a_write_that_a_full_disk_refuses_is_repeated(disk, error):
    errors = [error]

    def write() -> str:
        if errors:
            raise errors.pop()
        return "written"

    assert disk.space.keep_trying(write) == "written"


def test_a_write_that_fails_for_another_reason_or_after_the_stop_is_not_repeated(disk):
    def write(error: Exception) -> None:
        raise error

    with pytest.raises(FileNotFoundError):
        disk.space.keep_trying(lambda: write(FileNotFoundError(errno.ENOENT, "no folder")))
    disk.space.close()
    with pytest.raises(StorageError):
        disk.space.keep_trying(lambda: write(disk_full()))


def test_postgres_says_that_its_disk_is_full():
    assert is_full(psycopg.errors.DiskFull()) and not is_full(psycopg.errors.UniqueViolation())


def test_a_full_disk_takes_no_document_keeps_the_others_and_goes_on_with_room(small):
    store, text = Store(small / "workspace.db"), "x" * 100_000
    filler = fill(small)
    with pytest.raises(StorageError, match="full") as refused:
        for number in range(1000):
            store.put("job", str(number), {"text": text})
    known = len(store.list("job"))
    assert refused.value.status == 507
    assert [doc["text"] for doc in store.list("job")] == [text] * known
    filler.unlink()
    store.put("job", "one more", {})
    store.close()
    again = Store(small / "workspace.db")
    assert len(again.list("job")) == known + 1
    again.close()
    (small / "workspace.db").unlink()


def test_a_full_disk_keeps_nothing_of_a_file_that_does_not_fit(small):
    target = small / "settings.json"
    write_atomically(target, "old")
    filler = fill(small)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, "x" * 10_000_000)
    filler.unlink()
    assert target.read_text() == "old"
    assert {path.name for path in small.iterdir()} == {"settings.json", "lost+found"}


def test_a_process_whose_pid_a_full_disk_does_not_take_is_ended(small):
    home = Home(small / "home")
    for folder in (home.logs, home.run):
        folder.mkdir(parents=True)
    log = home.logs / "sleeper.log"
    log.write_text("")
    filler = fill(small)
    with pytest.raises(OSError, match="No space left"):
        Processes(home).spawn("sleeper", [sys.executable, "-c", "import signal; signal.pause()"])
    filler.unlink()
    assert list(home.run.iterdir()) == []
    children = psutil.Process().children()
    assert not [child for child in children if process_with_argument(child.pid, "import signal; signal.pause()")]
