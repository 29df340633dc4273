"""The Spark server's process: its memory, and its temporary files."""

from collections.abc import Iterator

import psutil
import pytest

import marks
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime import ports, software
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.processes import Processes
from waiting import eventually

pytestmark = pytest.mark.slow

QUIET_SECONDS = 3
# One value of half a gigabyte, for which the heap has to grow.
LARGE = "SELECT length(repeat('x', 500000000 + CAST(id AS INT))) AS length FROM range(1)"
# Longer than the server has to be quiet, without work.
LONG = f"SELECT java_method('java.lang.Thread', 'sleep', {2500 * QUIET_SECONDS}L) AS answer"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return open_home(tmp_path_factory.mktemp("spark") / "home")


@pytest.fixture(scope="module")
def engine(home: Home) -> Iterator[SparkEngine]:
    port = ports.free()
    made = SparkEngine(home, Processes(home), software.ensure(print), port, "token", "you@localhost", QUIET_SECONDS)
    made.start()
    yield made
    made.stop()


def server(home: Home) -> psutil.Process:
    return marks.process(home, "spark")


def test_a_server_that_has_nothing_to_do_gives_memory_back_but_not_while_a_statement_runs(engine, home):
    spark = engine.session()

    def resident() -> int:
        return server(home).memory_info().rss

    assert spark.sql(LARGE).collect() == [(500_000_000,)]
    busy = resident()
    spark.sql(LONG).collect()
    assert resident() > 0.9 * busy
    eventually(resident, lambda now: now < 0.8 * busy)
    assert spark.sql(LARGE).collect() == [(500_000_000,)]


def test_folders_of_sessions_that_have_ended_are_removed(engine, home):
    models = home.root / "tmp" / "spark_connect_model_cache"
    with engine.own_session() as session:
        session.sql("SELECT 1").collect()
        folder = models / session.session_id
        folder.mkdir(parents=True, exist_ok=True)
        engine.clean_up()
        assert folder.exists()
    engine.clean_up()
    assert list(models.iterdir()) == []


def test_a_server_that_was_killed_leaves_nothing_on_the_disk(engine, home):
    engine.session().sql("SELECT 1").collect()
    before, killed = set((home.root / "tmp").rglob("*")), server(home)
    assert len(before) > 3
    killed.kill()
    eventually(lambda: server(home) != killed, ignoring=(FileNotFoundError, psutil.Error))
    engine.wait_ready()
    assert {path.name for path in before if path.exists()} <= {"spark_connect_model_cache"}, "the others are its own"
