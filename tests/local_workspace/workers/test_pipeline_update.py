"""The process of one update: the order in which it publishes views, on the workspace's Spark server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_workspace.engines.pipelines.documents import Report
from local_workspace.engines.pipelines.runner import Runner
from local_workspace.runtime import environment, ports, software
from local_workspace.runtime.home import open_home
from waiting import eventually

HEAD = """
from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()
"""
STREAMS = """
def landed(folder):
    return spark.readStream.format("json").schema("n INT").load(spark.conf.get("test.landing") + "/" + folder)

@dp.table
def m_ones():
    return landed("ones")

@dp.table
def n_twos():
    return landed("twos")

@dp.append_flow(target="n_twos")
def n_threes():
    return landed("threes")
"""
# The names and places are the reverse of the order in which the views can be published.
VIEWS = """
@dp.materialized_view
def a_count_of_all():
    return spark.table("b_all").groupBy().count()

@dp.materialized_view
def b_all():
    return spark.table("c_ones").union(spark.table("n_twos"))

@dp.table  # its query is no stream, so this is a materialized view
def c_ones():
    return spark.table("m_ones")
"""
BROKEN = """
@dp.materialized_view
def d_of_broken():
    return spark.table("e_broken")

@dp.materialized_view
def e_broken():
    return spark.sql("SELECT n, CAST(raise_error('no price') AS INT) AS price FROM m_ones")
"""


@pytest.fixture
def update(workspace: dict[str, str], spark, tmp_path: Path) -> Iterator[Callable[..., list[Report]]]:
    """A function that runs an update of these source files in a schema, and gives its events."""
    home = open_home(tmp_path / "home")
    server = SimpleNamespace(spark_home=software.spark_folder() / "pyspark")
    for folder, rows in {"ones": 1, "twos": 2, "threes": 3}.items():
        file = tmp_path / "landing" / folder / "1.json"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(rows)))

    runner = Runner(home, server)

    def run(schema: str, **sources: str) -> list[Report]:
        files = [tmp_path / f"{name}.py" for name in sources]
        for file, source in zip(files, sources.values(), strict=True):
            file.write_text(HEAD + source)
        process = runner.start()
        events = process.run(
            {
                "remote": workspace["SPARK_REMOTE"],
                "schema": schema,
                "storage": (tmp_path / "checkpoints").as_uri(),
                "files": [str(file) for file in files],
                "root_path": None,
                "configuration": {"test.landing": str(tmp_path / "landing")},
                "full_refresh": False,
            }
        )
        try:
            return list(events)
        finally:
            process.end()

    yield run
    runner.stop()


def published(events: list[Report]) -> list[str]:
    """The names of the views, in the order in which they were published."""
    return [
        event["dataset"].rpartition(".")[2].strip("`") for event in events if event["message"].endswith("is published.")
    ]


def test_views_are_published_after_all_that_they_read_whatever_their_names(update, spark):
    events = update("update_order", views=VIEWS, streams=STREAMS)
    assert events[-1]["state"] == "COMPLETED", events[-1]["message"]
    assert published(events) == ["c_ones", "b_all", "a_count_of_all"]
    # Had a view been read too early, or after one of two flows, a row would be missing.
    assert [row["count"] for row in spark.sql("SELECT * FROM update_order.a_count_of_all").collect()] == [1 + 2 + 3]
    spark.sql("DROP SCHEMA update_order CASCADE")


def test_a_view_that_fails_fails_the_update_and_what_reads_it_is_not_published(update, spark):
    events = update("update_broken", broken=BROKEN, streams=STREAMS)
    assert events[-1]["state"] == "FAILED" and "e_broken" in events[-1]["message"]
    assert published(events) == []  # and not before the one that it reads
    assert not spark.catalog.tableExists("update_broken.d_of_broken")
    spark.sql("DROP SCHEMA update_broken CASCADE")


def test_an_update_that_waits_for_a_server_that_is_gone_ends_with_its_daemon(tmp_path):
    request = {
        "remote": f"sc://localhost:{ports.free()}/;token=x",
        "schema": "s",
        "storage": str(tmp_path),
        "files": [],
        "root_path": None,
        "configuration": {},
        "full_refresh": False,
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "local_workspace.workers.pipeline_update"],
        env=environment.of_child({"PYTHONPATH": str(software.spark_folder())}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.close()  # as when its daemon is killed
    assert eventually(worker.poll) == 1
