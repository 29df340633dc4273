import contextlib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from local_workspace.engines.housekeeping import HousekeepingEngine, engine
from local_workspace.runtime.home import open_home


@pytest.fixture
def tables(spark, catalog):
    """Makes tables of four versions, of which all but the newest need not be kept."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.housekeeping")

    def make(name: str) -> str:
        full_name = f"{catalog}.housekeeping.{name}"
        spark.sql(
            f"CREATE OR REPLACE TABLE {full_name} "
            "TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours') AS SELECT 0 AS version"
        )
        for version in (1, 2, 3):
            spark.sql(f"INSERT OVERWRITE {full_name} SELECT {version}")
        return full_name

    yield make
    spark.sql(f"DROP SCHEMA {catalog}.housekeeping CASCADE")


@pytest.fixture
def housekeeping(spark, tmp_path, monkeypatch):
    """An engine for the given tables, by name and type, that counts two new versions as many."""
    monkeypatch.setattr(engine, "FEW_VERSIONS", 2)
    sessions = SimpleNamespace(own_session=lambda: contextlib.nullcontext(spark))

    def build(**types: str) -> HousekeepingEngine:
        relations = [{"full_name": name, "table_type": kind} for name, kind in types.items()]
        return HousekeepingEngine(open_home(tmp_path / "home"), sessions, lambda: relations)

    return build


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


def test_a_dropped_table_is_no_obstacle_and_an_external_one_is_left_alone(spark, catalog, tables, housekeeping):
    gone, table, elsewhere = f"{catalog}.housekeeping.gone", tables("kept"), tables("elsewhere")
    assert housekeeping(**{gone: "MANAGED", table: "MATERIALIZED_VIEW", elsewhere: "EXTERNAL"}).run() == [table]
    assert (files(spark, table), files(spark, elsewhere)) == (1, 4)
