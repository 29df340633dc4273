"""Declarative pipelines through the Databricks SDK: updates, continuous runs, failures."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists, ResourceConflict
from databricks.sdk.service.pipelines import PathPattern, PipelineLibrary, PipelineState, UpdateInfoState

from waiting import eventually

pytestmark = pytest.mark.slow

BUSY_SECONDS = 500  # what an update may take on a very busy machine
HEAD = """
from pyspark import pipelines as dp
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.active()
"""
SOURCES = {
    "numbers.py": HEAD
    + """
@dp.table
def numbers():
    path = spark.conf.get("test.path")
    return spark.readStream.format("json").schema("n INT").load(path).select("n", (F.col("n") % 7).alias("bucket"))
""",
    "evens.py": HEAD
    + """
@dp.table
def evens():
    return spark.readStream.table("numbers").filter(F.col("n") % 2 == 0).select("n", "bucket")
""",
    # Reads another view and sorts before it: order must come from the plan.
    "a_total.py": HEAD
    + """
@dp.materialized_view
def a_total():
    return spark.table("buckets").groupBy().agg(F.sum("total").alias("total"), F.sum("rows").alias("rows"))
""",
    "buckets.py": HEAD
    + """
@dp.materialized_view(table_properties={"purpose": "test"})
def buckets():
    return spark.table("numbers").groupBy("bucket").agg(F.sum("n").alias("total"), F.count("n").alias("rows"))
""",
}
FINAL = {UpdateInfoState.COMPLETED, UpdateInfoState.FAILED, UpdateInfoState.CANCELED}


class Project:
    """A pipeline's sources in the workspace, a directory its files land in, and the pipeline."""

    def __init__(self, w: WorkspaceClient, home: Path, name: str) -> None:
        self.w, self.name, self.folder = w, name, f"/Workspace/Shared/{name}"
        self.landing = home / "volumes" / "raw" / name
        self.landing.mkdir(parents=True)
        self.spec = {
            "name": name,
            "schema": name,
            "configuration": {"test.path": str(self.landing)},
            "libraries": [PipelineLibrary(glob=PathPattern(include=f"{self.folder}/**"))],
        }
        w.workspace.mkdirs(self.folder)
        for file, source in SOURCES.items():
            self.write(file, source)

    def write(self, file: str, source: str) -> None:
        self.w.workspace.upload(f"{self.folder}/{file}", io.BytesIO(source.encode()), overwrite=True)

    def land(self, file: str, numbers: range) -> None:
        unfinished = self.landing / f"_{file}"
        unfinished.write_text("".join(f'{{"n": {n}}}\n' for n in numbers))
        unfinished.replace(self.landing / file)

    def create(self, **more: object) -> str:
        self.id = self.w.pipelines.create(**self.spec, **more).pipeline_id
        return self.id

    def update(self, **options: object) -> UpdateInfoState:
        return self.wait(self.w.pipelines.start_update(self.id, **options).update_id)

    def wait(self, update_id: str) -> UpdateInfoState:
        return eventually(lambda: final(self.w, self.id, update_id), seconds=BUSY_SECONDS)


def final(w: WorkspaceClient, pipeline_id: str, update_id: str) -> UpdateInfoState | None:
    state = w.pipelines.get_update(pipeline_id, update_id).update.state
    return state if state in FINAL else None


@pytest.fixture(scope="module")
def w(workspace: dict[str, str], spark) -> WorkspaceClient:
    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


@pytest.fixture
def project(w: WorkspaceClient, workspace: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Project]:
    project = Project(w, Path(workspace["CASPERS_HOME"]), request.node.name.removeprefix("test_"))
    yield project
    for found in w.pipelines.list_pipelines(filter=f"name LIKE '{project.name}'"):
        w.pipelines.delete(found.pipeline_id)


def counts(spark, schema: str) -> dict[str, int]:
    [row] = spark.sql(f"""
        SELECT (SELECT count(*) FROM {schema}.numbers) AS bronze, (SELECT count(*) FROM {schema}.evens) AS silver,
               (SELECT sum(rows) FROM {schema}.buckets) AS gold, (SELECT rows FROM {schema}.a_total) AS of_gold
    """).collect()
    return row.asDict()


def test_two_updates_agree_and_readers_see_gold_whole(project: Project, spark, workspace: dict[str, str]) -> None:
    project.create()
    project.land("1.json", range(1000))
    assert project.update() == UpdateInfoState.COMPLETED
    assert counts(spark, project.name) == {"bronze": 1000, "silver": 500, "gold": 1000, "of_gold": 1000}

    query = f"SELECT count(*), sum(rows), sum(total) FROM {project.name}.buckets"
    with reading(workspace["SPARK_REMOTE"], query) as seen:
        eventually(lambda: len(seen))
        project.land("2.json", range(1000, 3000))
        assert project.update() == UpdateInfoState.COMPLETED
        answered = len(seen)
        eventually(lambda: len(seen) > answered + 1)  # the answer under way at the update's end, and one after it
    assert counts(spark, project.name) == {"bronze": 3000, "silver": 1500, "gold": 3000, "of_gold": 3000}
    assert (seen[0], seen[-1]) == ((7, 1000, sum(range(1000))), (7, 3000, sum(range(3000))))
    assert set(seen) <= {(7, 1000, sum(range(1000))), (7, 3000, sum(range(3000)))}


def test_a_streaming_tables_small_files_are_compacted_and_no_row_is_lost_or_read_twice(project: Project, spark) -> None:
    compacted = '@dp.table(table_properties={"delta.autoOptimize.autoCompact": "true"})'
    project.write("numbers.py", SOURCES["numbers.py"].replace("@dp.table", compacted))
    project.spec["configuration"]["spark.databricks.delta.autoCompact.minNumFiles"] = "2"
    project.create()
    for part in range(3):
        project.land(f"{part}.json", range(100 * part, 100 * part + 100))
        assert project.update() == UpdateInfoState.COMPLETED
    [detail] = spark.sql(f"DESCRIBE DETAIL {project.name}.numbers").collect()
    assert "OPTIMIZE" in operations(project, spark) and detail.numFiles < 3
    assert counts(spark, project.name) == {"bronze": 300, "silver": 150, "gold": 300, "of_gold": 300}


def test_a_streaming_tables_few_small_files_are_not_written_anew_with_each_update(project: Project, spark) -> None:
    compacted = '@dp.table(table_properties={"delta.autoOptimize.autoCompact": "true"})'
    project.write("numbers.py", SOURCES["numbers.py"].replace("@dp.table", compacted))
    project.create()
    for part in range(3):
        project.land(f"{part}.json", range(100 * part, 100 * part + 100))
        assert project.update() == UpdateInfoState.COMPLETED
    assert "OPTIMIZE" not in operations(project, spark)


def operations(project: Project, spark) -> set[str]:
    """What the history of the table `numbers` names."""
    return {row.operation for row in spark.sql(f"DESCRIBE HISTORY {project.name}.numbers").collect()}


class reading:
    """While it lasts, another session asks `query` over and over; gives the list of answers."""

    def __init__(self, remote: str, query: str) -> None:
        self._remote, self._query = remote, query
        self._answers: list[object] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> list[object]:
        self._thread.start()
        return self._answers

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        from pyspark.sql.connect.session import SparkSession

        session = SparkSession.builder.remote(self._remote).create()
        try:
            while not self._stop.is_set():
                self._answers.append(tuple(session.sql(self._query).collect()[0]))
        except Exception as error:  # an error is an answer too, and none that the test accepts
            self._answers.append(error)
        session.stop()


def test_a_failure_tells_what_spark_said_and_a_full_refresh_starts_over(project: Project, spark) -> None:
    project.create()
    project.land("1.json", range(10))
    assert project.update() == UpdateInfoState.COMPLETED
    project.write("a_total.py", SOURCES["a_total.py"].replace('"total")', '"no_such_column")', 1))
    project.land("2.json", range(10, 20))
    assert project.update() == UpdateInfoState.FAILED
    [error] = project.w.pipelines.list_pipeline_events(project.id, filter="level = 'ERROR'")
    assert "no_such_column" in error.message and error.error.exceptions[0].class_name
    assert counts(spark, project.name)["of_gold"] == 10
    project.write("a_total.py", SOURCES["a_total.py"])
    (project.landing / "1.json").unlink()
    assert project.update(full_refresh=True) == UpdateInfoState.COMPLETED
    assert counts(spark, project.name) == {"bronze": 10, "silver": 5, "gold": 10, "of_gold": 10}


def test_a_killed_update_leaves_gold_whole_and_the_next_one_catches_up(
    project: Project, spark, workspace: dict[str, str]
) -> None:
    project.create()
    project.land("1.json", range(1000))
    assert project.update() == UpdateInfoState.COMPLETED
    project.land("2.json", range(1000, 3000))
    update_id = project.w.pipelines.start_update(project.id).update_id
    eventually(
        lambda: [
            event
            for event in project.w.pipelines.list_pipeline_events(project.id)
            if event.origin.update_id == update_id and event.event_type == "flow_progress"
        ],
        seconds=BUSY_SECONDS,
    )
    kill_updates(Path(workspace["CASPERS_HOME"]))
    assert project.wait(update_id) == UpdateInfoState.FAILED
    [gold] = spark.sql(f"SELECT sum(rows), sum(total) FROM {project.name}.buckets").collect()
    assert tuple(gold) in [(1000, sum(range(1000))), (3000, sum(range(3000)))]
    assert project.update() == UpdateInfoState.COMPLETED
    assert counts(spark, project.name) == {"bronze": 3000, "silver": 1500, "gold": 3000, "of_gold": 3000}


def kill_updates(home: Path) -> None:
    """kill -9 for the processes of updates that this home's workspace has started."""
    daemon = psutil.Process(json.loads((home / "connection.json").read_text())["pid"])
    updates = [
        child for child in daemon.children(recursive=True) if any("pipeline_update" in word for word in child.cmdline())
    ]
    assert updates
    for process in updates:
        process.kill()


def test_one_update_at_a_time_and_stop_cancels_it(project: Project) -> None:
    project.create()
    project.land("1.json", range(10))
    update_id = project.w.pipelines.start_update(project.id).update_id
    with pytest.raises(ResourceConflict, match="already exists"):
        project.w.pipelines.start_update(project.id)
    assert project.w.pipelines.get(project.id).state == PipelineState.RUNNING
    project.w.pipelines.stop_and_wait(project.id)
    assert project.wait(update_id) == UpdateInfoState.CANCELED
    assert [update.state for update in project.w.pipelines.list_updates(project.id).updates] == [
        UpdateInfoState.CANCELED
    ]


def test_a_continuous_pipeline_follows_its_files_until_it_is_deleted(project: Project, spark) -> None:
    project.land("1.json", range(10))
    project.create(continuous=True)

    def gold(rows: int) -> Callable[[], bool]:
        return lambda: (
            spark.catalog.tableExists(f"{project.name}.a_total") and (counts(spark, project.name)["of_gold"] == rows)
        )

    eventually(gold(10), seconds=BUSY_SECONDS)
    project.land("2.json", range(10, 30))
    eventually(gold(30), seconds=BUSY_SECONDS)
    project.w.pipelines.update(project.id, **project.spec, continuous=True)
    assert project.w.pipelines.get(project.id).state == PipelineState.RUNNING
    project.w.pipelines.stop_and_wait(project.id)
    assert project.w.pipelines.get(project.id).state == PipelineState.IDLE
    project.w.pipelines.delete(project.id)
    assert spark.sql(f"SHOW TABLES IN {project.name}").collect() == []
    with pytest.raises(NotFound):
        project.w.pipelines.get(project.id)


def test_bad_specs_are_refused(project: Project) -> None:
    create = project.w.pipelines.create
    with pytest.raises(BadRequest, match="needs a name"):
        create(**project.spec | {"name": ""})
    with pytest.raises(BadRequest, match="schema"):
        create(**project.spec | {"schema": "no schema"})
    with pytest.raises(BadRequest, match="source files"):
        create(**project.spec | {"libraries": []})
    with pytest.raises(NotFound, match="nowhere"):
        create(**project.spec, catalog="nowhere")
    project.create()
    with pytest.raises(ResourceAlreadyExists, match="already used"):
        project.create()


def test_sources_that_are_missing_fail_the_update(project: Project) -> None:
    project.spec["libraries"] = [PipelineLibrary(glob=PathPattern(include="/Workspace/Shared/nothing/**"))]
    project.create()
    assert project.update() == UpdateInfoState.FAILED
    [error] = project.w.pipelines.list_pipeline_events(project.id, filter="level = 'ERROR'")
    assert "/Workspace/Shared/nothing/**" in error.message


def test_files_that_land_during_an_update_start_the_next(tmp_path: Path) -> None:
    from local_workspace.engines.pipelines.continuous import ContinuousLoop

    updates: list[int] = []
    third = threading.Event()

    def update() -> bool:
        updates.append(len(list(tmp_path.iterdir())))
        if len(updates) == 1:
            (tmp_path / "during.json").write_text("{}")
        if len(updates) == 3:
            third.set()
        return True

    loop = ContinuousLoop("test", [tmp_path], update)
    loop.start()
    eventually(lambda: len(updates), 2)
    (tmp_path / "after.json").write_text("{}")
    assert third.wait(60)
    loop.stop()
    assert loop.join(60)
    assert updates == [0, 1, 2]
