"""Updates that are cancelled at a moment which the whole workspace reaches only now and then."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace

import pytest

from local_workspace.engines.pipelines.runner import UpdateProcess
from local_workspace.engines.pipelines.updates import Updates
from local_workspace.runtime.home import open_home
from local_workspace.runtime.store import Store

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
    process = kind(home, spark)
    updates = Updates(home, Store(home.database), spark, SimpleNamespace(take=lambda: process, warm=lambda: None))
    update_id = updates.begin(PIPELINE, False, "USER_ACTION")
    assert process.begun.wait(60)
    updates.cancel("p1")
    assert updates.get("p1", update_id)["state"] == "CANCELED"
    assert updates.list("p1", until=update_id) == updates.list("p1")
    assert [event["level"] for event in updates.log(PIPELINE).read()] == ["INFO"]
