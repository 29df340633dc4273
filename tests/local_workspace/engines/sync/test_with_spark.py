"""Tables as Spark makes them, which `deltalake` alone can't write: each arrives exactly, or says why not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest
from databricks.sdk.service import postgres as pg

from lakebase_workspace import where
from waiting import eventually

pytestmark = pytest.mark.slow

PROJECT, DATABASE, SCHEMA = "sync-tries", "sync_tries", "sync_tries"
BRANCH = f"projects/{PROJECT}/branches/production"
ENDPOINT = f"{BRANCH}/endpoints/primary"
ONLINE, FAILED = "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE", "SYNCED_TABLE_ONLINE_PIPELINE_FAILED"
MAPPED = ", 'delta.columnMapping.mode' = 'name'"
CONTINUOUS = pg.SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.CONTINUOUS

type Table = Callable[..., "Synced"]


class Synced:
    """The table `name` in Delta and in Postgres."""

    def __init__(self, spark, w: WorkspaceClient, catalog: str, name: str) -> None:
        self._spark, self._w, self._catalog, self.name = spark, w, catalog, name
        self.id = f"{DATABASE}.{SCHEMA}.{name.replace('.', '_')}"

    def sql(self, statement: str) -> None:
        """Run a statement on it; @ is its name."""
        self._spark.sql(statement.replace("@", self.name)).collect()

    def sync(self, key: str = "id") -> "Synced":
        """Begin to sync it."""
        spec = pg.SyncedTableSyncedTableSpec(
            source_table_full_name=f"{self._catalog}.{self.name}",
            primary_key_columns=[key],
            scheduling_policy=CONTINUOUS,
            new_pipeline_spec=pg.NewPipelineSpec(storage_catalog=self._catalog, storage_schema=SCHEMA),
        )
        self._w.postgres.create_synced_table(pg.SyncedTable(spec=spec), self.id).wait()
        return self

    def state(self) -> tuple[str, str]:
        """State and message of the synced table."""
        status = self._w.postgres.get_synced_table(f"synced_tables/{self.id}").status
        return status.detailed_state.value, status.message

    def rows(self, columns: str = "*") -> list[tuple]:
        """What Postgres holds, in order of the first column."""
        address = where(self._w.postgres.get_endpoint(ENDPOINT).status.hosts.host)
        token = self._w.postgres.generate_database_credential(ENDPOINT).token
        user = self._w.current_user.me().user_name
        with psycopg.connect(**address, user=user, password=token, dbname=DATABASE) as connection:
            return connection.execute(
                f"SELECT {columns} FROM {SCHEMA}.{self.name.replace('.', '_')} ORDER BY 1"
            ).fetchall()

    def arrives(self, wanted: list[tuple], columns: str = "*") -> None:
        """Wait until Postgres holds exactly these rows."""
        eventually(
            lambda: (self.state(), self.rows(columns)),
            lambda seen: seen[1] == wanted and seen[0][0] == ONLINE,
            ignoring=psycopg.errors.UndefinedTable,
        )


@pytest.fixture(scope="module")
def w(workspace: dict[str, str], spark) -> Iterator[WorkspaceClient]:
    client = WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"], auth_type="pat")
    client.postgres.create_project(pg.Project(spec=pg.ProjectSpec(display_name=PROJECT)), PROJECT).wait()
    spec = pg.CatalogCatalogSpec(postgres_database=DATABASE, branch=BRANCH, create_database_if_missing=True)
    client.postgres.create_catalog(pg.Catalog(spec=spec), DATABASE).wait()
    spark.sql(f"CREATE SCHEMA {SCHEMA}")
    yield client
    client.postgres.delete_project(f"projects/{PROJECT}").wait()
    spark.sql(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def table(w: WorkspaceClient, catalog: str, spark, request) -> Table:
    """Makes a Delta table with Change Data Feed on, of columns, further properties and a further clause."""

    def make(columns: str, properties: str = "", schema: str = SCHEMA, clause: str = "") -> Synced:
        name = f"{schema}.{request.node.name.removeprefix('test_').partition('[')[0][:40]}"
        spark.sql(f"DROP TABLE IF EXISTS {name}")
        spark.sql(
            f"CREATE TABLE {name} ({columns}) USING delta {clause} "
            f"TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true'{properties})"
        )
        return Synced(spark, w, catalog, name)

    return make


def test_a_column_named_removed(table: Table):
    soft = table("id INT, removed STRING")
    soft.sql("INSERT INTO @ VALUES (1, 'no'), (2, 'no')")
    soft.sync().arrives([(1, "no"), (2, "no")])
    soft.sql("UPDATE @ SET removed = 'yes, by Ann' WHERE id = 1")
    soft.arrives([(1, "yes, by Ann"), (2, "no")])


def test_types(table: Table):
    kinds = table(
        "id INT, ts TIMESTAMP, ntz TIMESTAMP_NTZ, d DATE, price DECIMAL(38, 10), f FLOAT, tags MAP<STRING, INT>, "
        "v ARRAY<DOUBLE>, s STRUCT<b: BINARY, m: MAP<INT, DATE>>"
    )
    kinds.sql(
        "INSERT INTO @ SELECT 1, timestamp'1700-01-01 00:00:00Z', timestamp_ntz'0042-01-01 00:00:00', "
        "date'0001-01-01', 12345678901234567890123456.7890123456BD, float('NaN'), map('a', 1), "
        "array(1D, double('NaN')), named_struct('b', X'00FF', 'm', map(1, date'2024-01-01'))"
    )
    kinds.sql(
        "INSERT INTO @ (id, ts, d) SELECT 2, timestamp'9999-12-31 23:59:59Z' + INTERVAL 500000 DAYS, "
        "date_add(date'9999-12-31', 1000000)"
    )
    kinds.sync().arrives(
        [
            (1, "1700-01-01 00:00:00+00", "0042-01-01 00:00:00", "0001-01-01", "12345678901234567890123456.7890123456",
             "NaN", {"a": 1}, [1.0, "NaN"], {"b": "AP8=", "m": {"1": "2024-01-01"}}),
            (2, "11368-12-13 23:59:59+00", None, "12737-11-27", None, None, None, None, None),
        ],
        "id, ts::text, ntz::text, d::text, price::text, f::text, tags, v, s",
    )  # fmt: skip
    assert kinds.rows("id, price")[0] == (1, Decimal("12345678901234567890123456.7890123456"))
    kinds.sql("UPDATE @ SET ts = timestamp'2024-05-05 05:05:05.123456Z' WHERE id = 2")
    moment = datetime(2024, 5, 5, 5, 5, 5, 123456, tzinfo=UTC)
    # As long as the change is on its way, the year is one that Python's datetime does not have.
    eventually(lambda: kinds.rows("id, ts")[1], (2, moment), ignoring=psycopg.DataError)


def test_deletion_vectors(table: Table):
    marked = table("id INT, v STRING", ", 'delta.enableDeletionVectors' = 'true'")
    marked.sql("INSERT INTO @ SELECT id, concat('v', id) FROM range(4)")
    marked.sync().arrives([(0, "v0"), (1, "v1"), (2, "v2"), (3, "v3")])
    marked.sql("DELETE FROM @ WHERE id % 2 = 0")
    marked.sql("UPDATE @ SET v = 'x' WHERE id = 3")
    marked.arrives([(1, "v1"), (3, "x")])


def test_column_mapping(table: Table):
    mapped = table('id INT, `a%b "q"` STRING, `select` INT', ", 'delta.columnMapping.mode' = 'name'")
    mapped.sql("INSERT INTO @ VALUES (1, 'a', 1)")
    mapped.sync().arrives([(1, "a", 1)])
    mapped.sql("INSERT INTO @ VALUES (2, 'b', 2)")
    mapped.sql("UPDATE @ SET `select` = 3 WHERE id = 1")
    mapped.arrives([(1, "a", 3), (2, "b", 2)])


def test_added_columns_arrive_and_other_changes_are_refused(table: Table):
    changing = table("id INT, v SHORT", ", 'delta.enableTypeWidening' = 'true'")
    changing.sql("INSERT INTO @ VALUES (1, 1S)")
    changing.sync().arrives([(1, 1)])
    changing.sql("ALTER TABLE @ ADD COLUMN (n ARRAY<INT>)")
    changing.sql("INSERT INTO @ VALUES (2, 2S, array(1, null))")
    changing.arrives([(1, 1, None), (2, 2, [1, None])])
    changing.sql("ALTER TABLE @ ALTER COLUMN v TYPE INT")
    _, message = eventually(changing.state, lambda seen: seen[0] == FAILED)
    assert "'v' is now integer and was smallint" in message
    assert "delete the synced table and create it again" in message


def test_rows_read_as_after_a_change_of_columns_that_touched_none(table: Table):
    changed = table("id INT, v STRING, s STRUCT<x: INT>", ", 'delta.columnMapping.mode' = 'name'")
    changed.sql("INSERT INTO @ VALUES (1, 'old', struct(1))")
    changed.sync().arrives([(1, "old", {"x": 1})])
    changed.sql("ALTER TABLE @ ADD COLUMN s.y STRING")
    changed.arrives([(1, "old", {"x": 1, "y": None})])
    changed.sql("ALTER TABLE @ RENAME COLUMN s.x TO z")
    changed.arrives([(1, "old", {"z": 1, "y": None})])
    changed.sql("ALTER TABLE @ DROP COLUMN v")
    changed.sql("ALTER TABLE @ ADD COLUMN v STRING")
    changed.arrives([(1, None, {"z": 1, "y": None})], "id, v, s")


def test_text_that_is_not_utf_8_is_named(table: Table):
    texts = table("id INT, v STRING")
    texts.sync().arrives([])
    texts.sql("INSERT INTO @ VALUES (1, 'a'), (2, CAST(X'61FF' AS STRING))")
    _, message = eventually(texts.state, lambda seen: seen[0] == FAILED)
    assert "row id = 2, column v: it holds text that is not UTF-8" in message
    texts.sql("DELETE FROM @ WHERE id = 2")
    texts.arrives([(1, "a")])


def test_text_that_is_not_utf_8_is_named_inside_columns_of_a_mapped_table_too(table: Table):
    """Its change feed has U+FFFD instead."""
    texts = table("id INT, v STRING, m MAP<STRING, INT>, a ARRAY<STRUCT<b: STRING>>", MAPPED)
    texts.sql("INSERT INTO @ VALUES (1, '\ufffd', map('\ufffd', 1), array(named_struct('b', 'c')))")
    kept = (1, "\ufffd", {"\ufffd": 1}, [{"b": "c"}])
    texts.sync().arrives([kept])
    bad = "CAST(X'61FF' AS STRING)"
    for column, value in {"v": bad, "m": f"map({bad}, 1)", "a": f"array(named_struct('b', {bad}))"}.items():
        texts.sql(f"INSERT INTO @ (id, {column}) VALUES (2, {value})")
        _, message = eventually(texts.state, lambda seen: seen[0] == FAILED)
        assert f"row id = 2, column {column}: it holds text that is not UTF-8" in message
        texts.sql("DELETE FROM @ WHERE id = 2")
        texts.arrives([kept])


def test_days_of_october_1582_arrive_by_the_feed_of_a_mapped_table(table: Table):
    days = table("id INT, d DATE, ts TIMESTAMP, a ARRAY<DATE>", MAPPED)
    days.sync().arrives([])
    days.sql("INSERT INTO @ SELECT 1, d, timestamp(d), array(d) FROM VALUES (DATE'1582-10-10') AS t(d)")
    days.arrives([(1, "1582-10-10", "1582-10-10 00:00:00+00", ["1582-10-10"])], "id, d::text, ts::text, a")


def test_a_value_that_postgres_cannot_store_is_named_and_the_sync_goes_on_once_it_is_mended(table: Table):
    damaged = table("id INT, v STRING")
    damaged.sql("INSERT INTO @ VALUES (1, 'fine')")
    damaged.sync().arrives([(1, "fine")])
    damaged.sql("INSERT INTO @ SELECT 7, concat('a', char(0))")
    _, message = eventually(damaged.state, lambda seen: seen[0] == FAILED)
    assert "row id = 7, column v: it holds the character U+0000" in message
    damaged.sql("UPDATE @ SET v = replace(v, char(0), '') WHERE id = 7")
    damaged.arrives([(1, "fine"), (7, "a")])


def test_a_repeated_key_is_named_and_the_sync_goes_on_once_one_row_is_left(table: Table):
    repeated = table("id INT, v STRING")
    repeated.sql("INSERT INTO @ VALUES (1, 'a'), (NULL, 'no key')")
    repeated.sync().arrives([(1, "a")])
    assert repeated.state()[1].endswith("1 row has NULL in the primary key: the sync leaves it out.")
    repeated.sql("INSERT INTO @ VALUES (1, 'b')")
    _, message = eventually(repeated.state, lambda seen: seen[0] == FAILED)
    assert message.startswith("PRIMARY_KEY_CONSTRAINT_VIOLATION") and "id = 1" in message
    repeated.sql("DELETE FROM @ WHERE v = 'a'")
    repeated.arrives([(1, "b")])


def test_restored_replaced_emptied_and_vacuumed(table: Table):
    changing = table("id INT, v STRING")
    changing.sql("INSERT INTO @ VALUES (1, 'a'), (2, 'b')")
    changing.sql("UPDATE @ SET v = 'c'")
    changing.sync().arrives([(1, "c"), (2, "c")])
    changing.sql("RESTORE TABLE @ TO VERSION AS OF 1")
    changing.arrives([(1, "a"), (2, "b")])
    properties = "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"
    changing.sql(f"CREATE OR REPLACE TABLE @ USING delta {properties} AS SELECT 9 AS id, 'n' AS v")
    changing.arrives([(9, "n")])
    changing.sql("TRUNCATE TABLE @")
    changing.arrives([])


@pytest.mark.parametrize("schema", ["default", SCHEMA])
def test_a_table_elsewhere(table: Table, tmp_path, schema: str):
    place = "" if schema == "default" else f"PARTITIONED BY (p) LOCATION '{tmp_path / 'a place'}'"
    elsewhere = table("id INT, p STRING, ts TIMESTAMP", schema=schema, clause=place)
    elsewhere.sql("INSERT INTO @ SELECT 1, 'x y/ü%', timestamp'2024-01-01 00:00:00Z'")
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    elsewhere.sync().arrives([(1, "x y/ü%", moment)])
    elsewhere.sql("INSERT INTO @ SELECT 2, NULL, NULL")
    elsewhere.arrives([(1, "x y/ü%", moment), (2, None, None)])
    elsewhere.sql("DROP TABLE @")


def test_what_a_postgres_table_cannot_be(table: Table):
    with pytest.raises(BadRequest, match="'ctid' for itself"):
        table("id INT, ctid INT").sync()
    with pytest.raises(BadRequest, match="of type variant"):
        table("id INT, v VARIANT").sync()
    with pytest.raises(BadRequest, match="id of .* is a MAP or holds one"):
        table("id ARRAY<MAP<STRING, INT>>").sync()
    with pytest.raises(BadRequest, match="has 70 bytes"):
        table(f"id INT, {'c' * 70} INT").sync()
