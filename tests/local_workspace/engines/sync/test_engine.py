"""Synced tables: what is committed to Delta is in Postgres a moment later, once, whatever happens in between."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import psycopg
import pytest
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from databricks.sdk.service import postgres as pg
from deltalake import write_deltalake

from lakebase_workspace import CATALOG, PROJECT, LakebaseWorkspace, server_pid
from local_workspace.engines.sync.source import DeltaSource
from waiting import eventually

ONLINE = pg.SyncedTableState.SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("sync") / "home")
    made.make_database()
    yield made
    made.close()


@pytest.fixture
def table(workspace, request) -> str:
    """A synced table `kitchen.<test>` with rows a → 1 and b → 2, already in Postgres."""
    name = "kitchen." + request.node.name.removeprefix("test_")[:50]
    workspace.write(name, orders(a=1, b=2))
    workspace.sync(name, "order_id")
    eventually(lambda: content(workspace, name), [("a", 1), ("b", 2)])
    return name


def orders(**amounts: int | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"order_id": list(amounts), "amount": list(amounts.values())},
        schema={"order_id": pl.String, "amount": pl.Int64},
    )


def content(workspace: LakebaseWorkspace, table: str) -> list[tuple] | None:
    return workspace.rows(f"SELECT order_id, amount FROM {table} ORDER BY order_id")


def status(workspace: LakebaseWorkspace, table: str) -> pg.SyncedTableSyncedTableStatus:
    return workspace.w.postgres.get_synced_table(f"synced_tables/{CATALOG}.{table}").status


def test_inserts_updates_and_deletes_arrive(workspace, table):
    delta = workspace.write(table, orders(c=3))
    delta.update(predicate="order_id = 'a'", updates={"amount": "10"})
    delta.delete("order_id = 'b'")
    eventually(lambda: content(workspace, table), [("a", 10), ("c", 3)])
    eventually(lambda: status(workspace, table).last_processed_commit_version, delta.version())
    now = status(workspace, table)
    assert now.detailed_state == ONLINE
    assert now.message.endswith("0 behind the source.")
    committed = now.last_sync.delta_table_sync_info.delta_commit_time
    assert now.last_sync.sync_end_time.ToDatetime() >= committed.ToDatetime()


def test_a_key_that_changes_moves_its_row(workspace, table):
    delta = workspace.write(table, orders())
    delta.update(predicate="order_id = 'a'", updates={"order_id": "'z'"})
    eventually(lambda: content(workspace, table), [("b", 2), ("z", 1)])


def test_a_row_deleted_and_written_in_one_commit_stays(workspace, table):
    workspace.write(table, orders(a=5, d=4), mode="overwrite")
    eventually(lambda: content(workspace, table), [("a", 5), ("d", 4)])


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x85"])
def test_text_with_what_unicode_calls_the_end_of_a_line_comes_by_the_feed(tmp_path, inside):
    """Delta's log has it as it is, in the statistics of the file, and its table would be copied anew."""
    for order in ("a", f"b{inside}c"):
        feed = {"delta.enableChangeDataFeed": "true"}
        write_deltalake(str(tmp_path), orders(**{order: 1}), mode="append", configuration=feed)
    source = DeltaSource(tmp_path, "kitchen.orders", lambda _: pytest.fail("Spark is not needed"))
    assert source.feed(0, ["order_id"]).keys == [(f"b{inside}c",)]


def test_many_commits_at_once_end_in_the_last(workspace, table):
    workspace.engine.stop()
    delta = workspace.write(table, orders(c=1))
    for amount in range(2, 6):
        delta.update(predicate="order_id = 'c'", updates={"amount": str(amount)})
    delta.delete("order_id = 'a'")
    workspace.write(table, orders(a=9))
    workspace.start_engine()
    eventually(lambda: content(workspace, table), [("a", 9), ("b", 2), ("c", 5)])


def test_rows_without_a_key_are_counted_whatever_becomes_of_them(workspace):
    name = "kitchen.some_without_key"
    rows = pl.DataFrame({"order_id": ["a", None, None], "amount": [1, 2, 3]})
    delta = workspace.write(name, rows)
    workspace.sync(name, "order_id")
    eventually(lambda: status(workspace, name).message, says_left_out("2 rows have"))
    delta.delete("amount = 2")
    eventually(lambda: status(workspace, name).message, says_left_out("1 row has"))
    workspace.engine.stop()
    workspace.start_engine()
    eventually(lambda: status(workspace, name).message, says_left_out("1 row has"))
    delta.update(predicate="amount = 3", updates={"order_id": "'z'"})
    eventually(lambda: content(workspace, name), [("a", 1), ("z", 3)])
    eventually(lambda: status(workspace, name).message, lambda message: message.endswith("0 behind the source."))


def test_a_home_of_an_older_version_gets_the_column_that_it_lacks(workspace, table):
    with workspace.engine.connect(PROJECT, "caspers") as admin:
        admin.execute("ALTER TABLE _sync.positions DROP COLUMN left_out")
    workspace.engine.stop()
    workspace.write(table, orders(c=3))
    workspace.start_engine()
    eventually(lambda: content(workspace, table), [("a", 1), ("b", 2), ("c", 3)])
    eventually(lambda: status(workspace, table).detailed_state, ONLINE)


def says_left_out(count: str) -> Callable[[str], bool]:
    return lambda message: f"the source. {count} NULL in the primary key" in message


def test_types_are_mapped(workspace):
    frame = pl.DataFrame(
        {
            "id": ["x", None, "y"],
            "big": [2**40, 0, None],
            "small": pl.Series([1, 0, 2], dtype=pl.Int32),
            "price": pl.Series([Decimal("1.50"), None, None], dtype=pl.Decimal(10, 2)),
            "share": [0.5, 0.0, None],
            "open": [True, False, None],
            "day": [date(2024, 1, 2), None, None],
            "ts": [datetime(2024, 1, 1, 12, tzinfo=UTC), None, None],
            "items": [[{"qty": 2, "name": 'a "b"'}], None, []],
            "text": ["tab\tline\nback\\slash \\N", "", ""],
        }
    )
    workspace.write("kitchen.types", frame)
    workspace.sync("kitchen.types", "id")
    eventually(lambda: workspace.rows("SELECT count(*) FROM kitchen.types"), [(2,)])  # a row without key is left out
    first, second = workspace.rows("SELECT * FROM kitchen.types ORDER BY id")
    assert first == (
        "x",
        2**40,
        1,
        Decimal("1.50"),
        0.5,
        True,
        date(2024, 1, 2),
        datetime(2024, 1, 1, 12, tzinfo=UTC),
        [{"qty": 2, "name": 'a "b"'}],
        "tab\tline\nback\\slash \\N",
    )
    assert second == ("y", None, 2, None, None, None, None, None, [], "")
    kinds = dict(
        workspace.rows(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'kitchen' AND table_name = 'types'"
        )
    )
    assert kinds == {
        "id": "text",
        "big": "bigint",
        "small": "integer",
        "price": "numeric",
        "share": "double precision",
        "open": "boolean",
        "day": "date",
        "ts": "timestamp with time zone",
        "items": "jsonb",
        "text": "text",
    }


def test_a_key_of_several_columns(workspace):
    frame = pl.DataFrame({"day": [1, 1, 2], "item": ["a", "b", "a"]})
    delta = workspace.write("kitchen.pairs", frame)
    workspace.sync("kitchen.pairs", "day", "item")
    eventually(lambda: workspace.rows("SELECT day, item FROM kitchen.pairs ORDER BY 1, 2"), frame.sort("day").rows())
    workspace.write("kitchen.pairs", pl.DataFrame({"day": [2], "item": ["c"]}))
    delta.update_incremental()
    delta.delete("item = 'a'")
    eventually(lambda: workspace.rows("SELECT day, item FROM kitchen.pairs ORDER BY 1, 2"), [(1, "b"), (2, "c")])


def test_a_new_column_is_added(workspace, table):
    workspace.write(table, orders(c=3).with_columns(note=pl.lit("new")), schema_mode="merge")
    eventually(
        lambda: workspace.rows(f"SELECT order_id, note FROM {table} ORDER BY 1"),
        [("a", None), ("b", None), ("c", "new")],
    )


def test_rows_and_position_are_written_together_or_not_at_all(workspace, table):
    with workspace.engine.connect(PROJECT, "caspers") as admin:
        admin.execute(
            "CREATE FUNCTION _sync.refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE 'no position today'; END $$"
        )
        admin.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON _sync.positions FOR EACH ROW EXECUTE FUNCTION _sync.refuse()"
        )
    workspace.write(table, orders(c=3))
    eventually(lambda: "no position today" in status(workspace, table).message, True)
    assert status(workspace, table).detailed_state == pg.SyncedTableState.SYNCED_TABLE_ONLINE_PIPELINE_FAILED
    assert content(workspace, table) == [("a", 1), ("b", 2)]
    with workspace.engine.connect(PROJECT, "caspers") as admin:
        admin.execute("DROP FUNCTION _sync.refuse() CASCADE")
    eventually(lambda: content(workspace, table), [("a", 1), ("b", 2), ("c", 3)])
    eventually(lambda: status(workspace, table).detailed_state, ONLINE)


def test_a_killed_server_loses_and_repeats_nothing(workspace, table):
    os.kill(server_pid(workspace), signal.SIGKILL)
    workspace.write(table, orders(c=3))
    eventually(lambda: content(workspace, table), [("a", 1), ("b", 2), ("c", 3)])


def test_a_table_made_anew_replaces_the_old_content(workspace, table):
    workspace.write(table, orders(x=1))
    shutil.rmtree(workspace.location(*table.split(".")))
    eventually(lambda: status(workspace, table).message.endswith("is not a Delta table."), True)
    workspace.write(table, orders(q=7))
    eventually(lambda: content(workspace, table), [("q", 7)])


def test_a_vacuumed_feed_is_replaced_by_a_snapshot(workspace, table):
    workspace.engine.stop()
    delta = workspace.write(table, orders(c=3))
    delta.update(predicate="order_id = 'a'", updates={"amount": "10"})
    shutil.rmtree(workspace.location(*table.split(".")) / "_change_data")
    workspace.start_engine()
    eventually(lambda: content(workspace, table), [("a", 10), ("b", 2), ("c", 3)])


def test_users_read_a_synced_table_and_do_not_write_it(workspace, table):
    with workspace.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"DELETE FROM {table}")


def test_deleting_a_synced_table_drops_it(workspace, table):
    name = f"synced_tables/{CATALOG}.{table}"
    with workspace.connect() as connection:
        connection.execute("CREATE VIEW amounts AS SELECT amount FROM " + table)
        with pytest.raises(BadRequest, match="view amounts depends"):
            workspace.w.postgres.delete_synced_table(name)
        connection.execute("DROP VIEW amounts")
    with pytest.raises(BadRequest, match="still has synced tables"):
        workspace.w.postgres.delete_catalog(f"catalogs/{CATALOG}")
    workspace.w.postgres.delete_synced_table(name).wait()
    assert content(workspace, table) is None
    with pytest.raises(NotFound):
        workspace.w.postgres.get_synced_table(name)


def test_bad_requests_are_named_and_change_nothing(workspace, table):
    write_deltalake(str(workspace.location("kitchen", "silent")), orders(a=1))
    with pytest.raises(BadRequest, match="no Change Data Feed"):
        workspace.sync("kitchen.silent", "order_id")
    with pytest.raises(BadRequest, match="lake.kitchen.nothing does not exist"):
        workspace.sync("kitchen.nothing", "order_id")
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        workspace.sync(table, "order_id")
    workspace.write("kitchen.keyless", orders(a=1))
    with pytest.raises(BadRequest, match="column nope is not in .* order_id, amount"):
        workspace.sync("kitchen.keyless", "nope")
    assert workspace.rows("SELECT to_regclass('kitchen.silent'), to_regclass('kitchen.keyless')") == [(None, None)]


def synced(source: str, **storage: str) -> pg.SyncedTable:
    spec = pg.SyncedTableSyncedTableSpec(
        source_table_full_name=source,
        primary_key_columns=["order_id"],
        scheduling_policy=pg.SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS,
        new_pipeline_spec=pg.NewPipelineSpec(**storage) if storage else None,
    )
    return pg.SyncedTable(spec=spec)


def test_a_lakebase_catalog_needs_storage_elsewhere(workspace):
    workspace.write("kitchen.stored", orders(a=1))
    name, create = f"{CATALOG}.kitchen.stored", workspace.w.postgres.create_synced_table
    for storage in ({}, {"storage_catalog": "lake"}, {"storage_schema": "kitchen"}):
        with pytest.raises(BadRequest, match="set new_pipeline_spec.storage_catalog and new_pipeline_spec.storage_sch"):
            create(synced("lake.kitchen.stored", **storage), name)
    for storage in (("lake", "nowhere"), (CATALOG, "kitchen")):
        with pytest.raises(NotFound, match=f"Schema {'.'.join(storage)} of new_pipeline_spec does not exist"):
            create(synced("lake.kitchen.stored", storage_catalog=storage[0], storage_schema=storage[1]), name)
    storage = {"storage_catalog": "lake", "storage_schema": "kitchen"}
    with pytest.raises(BadRequest, match="another.kitchen.stored does not exist"):
        create(synced("another.kitchen.stored", **storage), name)
    made = create(synced("lake.kitchen.stored", **storage), name).wait()
    assert made.spec.new_pipeline_spec == pg.NewPipelineSpec(**storage)


def test_a_users_own_table_is_not_overwritten(workspace):
    with workspace.connect() as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.execute("CREATE TABLE mine.notes AS SELECT 'keep' AS order_id, 1 AS amount")
    workspace.write("mine.notes", orders(a=1))
    with pytest.raises(ResourceAlreadyExists, match="has a table mine.notes already"):
        workspace.sync("mine.notes", "order_id")
    assert content(workspace, "mine.notes") == [("keep", 1)]
