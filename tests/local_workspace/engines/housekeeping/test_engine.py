import contextlib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from local_workspace.engines.housekeeping import HousekeepingEngine, engine
from local_workspace.runtime.home import open_home
from waiting import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def tables(spark, catalog):
    """Makes tables of four versions, of which all but the newest need not be kept."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.housekeeping")

    def make(name: str, retention: str = "'delta.deletedFileRetentionDuration' = 'interval 0 hours'") -> str:
        full_name = f"{catalog}.housekeeping.{name}"
        spark.sql(f"CREATE OR REPLACE TABLE {full_name} TBLPROPERTIES ({retention}) AS SELECT 0 AS version")
        for version in (1, 2, 3):
            spark.sql(f"INSERT OVERWRITE {full_name} SELECT {version}")
        return full_name

    yield make
    spark.sql(f"DROP SCHEMA {catalog}.housekeeping CASCADE")


@pytest.fixture
def housekeeping(spark, tmp_path, monkeypatch):
    """An engine for the given tables, by name and type, that counts two new versions as many.

    `sessions` are the sessions of Spark that it has begun.
    """
    monkeypatch.setattr(engine, "FEW_VERSIONS", 2)

    def build(**types: str) -> HousekeepingEngine:
        def tables() -> list[dict[str, object]]:
            held = [(name, kind, version(spark, name)) for name, kind in types.items()]
            return [{"full_name": name, "table_type": kind, "version": newest} for name, kind, newest in held]

        cleaned = SimpleNamespace(own_session=own_session, clean_up=lambda: None)
        return HousekeepingEngine(open_home(tmp_path / "home"), cleaned, tables, lambda _: 0)

    def own_session():
        build.sessions += 1
        return contextlib.nullcontext(spark)

    build.sessions = 0
    return build


def version(spark, name: str) -> int:
    """The newest version of a table; of one that has been dropped, that of its last document."""
    if not spark.catalog.tableExists(name):
        return 9
    return spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"]


def files(spark, name: str) -> int:
    """How many data files a table's folder holds."""
    location = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]["location"]
    return len(list(Path(unquote(urlsplit(location).path)).glob("*.parquet")))


def test_old_files_are_removed_and_the_newest_version_stays(spark, tables, housekeeping):
    table = tables("replaced")
    assert files(spark, table) == 4
    keeper = housekeeping(**{table: "MANAGED"})
    assert keeper.run() == [table]
    assert files(spark, table) == 1
    assert spark.table(table).collect() == [(3,)]
    assert keeper.run() == []  # nothing was written since
    assert housekeeping.sessions == 1  # which it knows without Spark


def test_a_dropped_table_is_no_obstacle_and_an_external_one_is_left_alone(spark, catalog, tables, housekeeping):
    gone, table, elsewhere = f"{catalog}.housekeeping.gone", tables("kept"), tables("elsewhere")
    assert housekeeping(**{gone: "MANAGED", table: "MATERIALIZED_VIEW", elsewhere: "EXTERNAL"}).run() == [table]
    assert (files(spark, table), files(spark, elsewhere)) == (1, 4)


def test_earlier_versions_of_a_materialized_view_are_kept_for_less_unless_it_says_how_long(
    spark, tables, housekeeping, monkeypatch
):
    monkeypatch.setattr(engine, "VIEW_HOURS", 0)
    unset, week = "'made' = 'here'", "'delta.deletedFileRetentionDuration' = 'interval 7 days'"
    view, asked, table = tables("view", unset), tables("asked", week), tables("table", unset)
    kinds = {view: "MATERIALIZED_VIEW", asked: "MATERIALIZED_VIEW", table: "STREAMING_TABLE"}
    housekeeping(**kinds).run()
    assert [files(spark, name) for name in kinds] == [1, 4, 4]
    assert spark.table(view).collect() == [(3,)]


def test_an_hour_of_the_clock_is_over_though_the_laptop_slept(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LOOK_SECONDS", 0.01)
    hours, looks, begun, traces = [100.0], [], [], []

    def wall() -> float:
        looks.append(hours[0])
        return hours[0] * 3600

    def look(at: float) -> None:
        hours[0] = at
        eventually(lambda: looks[-3:] == [at] * 3)

    keeper = HousekeepingEngine(
        open_home(tmp_path / "home"),
        SimpleNamespace(clean_up=lambda: None),
        lambda: begun.append(hours[0]) or [],
        lambda before: traces.append(before) or 0,
        wall,
    )
    keeper.start()
    for at in (100.9, 101, 101.9, 109, 100, 100.9, 101):
        look(at)
    keeper.stop()
    assert begun == [101, 109, 101], "eight hours' sleep is one time, and a clock that is set back begins anew"
    assert traces == [(hour - 7 * 24) * 3_600_000 for hour in begun], "traces stay for seven days"
