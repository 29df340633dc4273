"""The Spark server's process: its memory, its temporary files, and what sessions share and don't share."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from pyspark.errors import PySparkException
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType

import marks
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime import environment, ports, software
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.processes import Processes
from waiting import eventually

pytestmark = pytest.mark.slow

QUIET_SECONDS = 3
# One value of half a gigabyte, for which the heap has to grow.
LARGE = "SELECT length(repeat('x', 500000000 + CAST(id AS INT))) AS length FROM range(1)"
# Longer than the server has to be quiet, without work.
LONG = f"SELECT java_method('java.lang.Thread', 'sleep', {2500 * QUIET_SECONDS}L) AS answer"

# Eight threads of a process that has not imported Spark's client yet open a session each.
OPENS_SESSIONS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime import ports, software
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes

home = open_home(Path(sys.argv[1]))
engine = SparkEngine(home, Processes(home), software.ensure(print), ports.free(), "token", "you@localhost")
engine.start()
engine.wait_ready()

def opened(_):
    with engine.own_session() as session:
        return session.range(1).count()

try:
    assert "pyspark" not in sys.modules
    with ThreadPoolExecutor(8) as pool:
        print(sum(pool.map(opened, range(8))))
finally:
    engine.stop()
"""

# Spark compiles the classes of queries once for each class loader that tasks have.
LOADER = "java_method('org.apache.spark.util.Utils', 'getContextOrSparkClassLoader')"


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


def test_threads_can_open_their_first_sessions_at_once(tmp_path):
    command = [sys.executable, "-c", OPENS_SESSIONS, str(tmp_path / "home")]
    done = subprocess.run(command, env=environment.of_child(), capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == ["8"], done.stderr


def test_warming_up_opens_the_metastore(engine, home):
    engine.wait_ready()
    metastore = home.root / "metastore" / "service.properties"
    assert not metastore.exists()
    engine.warm_up()
    assert metastore.exists()


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


def test_after_the_machine_has_slept_for_long_statements_get_a_new_session(engine, monkeypatch):
    before = engine.session()
    assert engine.session() is before
    woken_up = time.time() + 3600  # the monotonic clock stands still meanwhile
    monkeypatch.setattr(time, "time", lambda: woken_up)
    assert engine.session() is not before
    assert engine.session().sql("SELECT 1").collect() == [(1,)]


def test_a_session_that_has_been_stopped_is_replaced(engine):
    engine.session().stop()
    assert engine.session().sql("SELECT 1").collect() == [(1,)]


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


def loaders(rows) -> set[str]:
    return {row.loader for row in rows.selectExpr(f"{LOADER} AS loader").collect()}


def test_tasks_of_all_sessions_and_streams_share_their_compiled_classes(engine, tmp_path):
    with engine.own_session() as one, engine.own_session() as other:
        one.range(2).write.format("delta").save(f"{tmp_path}/numbers")
        stream = one.readStream.format("delta").load(f"{tmp_path}/numbers").selectExpr(f"{LOADER} AS loader")
        written = stream.writeStream.option("checkpointLocation", f"{tmp_path}/checkpoint").trigger(availableNow=True)
        written.start(f"{tmp_path}/loaders").awaitTermination()
        in_stream = {row.loader for row in one.read.load(f"{tmp_path}/loaders").collect()}
        assert len(loaders(one.range(2)) | loaders(other.range(2)) | in_stream) == 1


def test_what_a_client_adds_to_its_session_is_for_that_session_alone(engine, tmp_path):
    @udf(returnType=StringType(), useArrow=False)  # else Spark would ask a session for both
    def greeting():
        import greetings

        return greetings.TEXT

    added = tmp_path / "greetings.py"
    added.write_text("TEXT = 'hello'\n")
    with engine.own_session() as one, engine.own_session() as other:
        one.addArtifact(str(added), pyfile=True)
        assert one.range(1).select(greeting()).collect() == [("hello",)]
        with pytest.raises(PySparkException, match="No module named 'greetings'"):
            other.range(1).select(greeting()).collect()
        assert not loaders(one.range(2)) & loaders(other.range(2))
