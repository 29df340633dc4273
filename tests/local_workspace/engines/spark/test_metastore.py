"""The Spark server's metastore under several clients at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql.connect.session import SparkSession

SCHEMA = "shelves"
CLIENTS, ROUNDS = 6, 4


@pytest.fixture
def schema(spark, catalog):
    """The name of an empty schema."""
    spark.sql(f"CREATE SCHEMA {SCHEMA}")
    yield SCHEMA
    spark.sql(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def clients(workspace):
    """Sessions of their own."""
    opened = [SparkSession.builder.remote(workspace["SPARK_REMOTE"]).create() for _ in range(CLIENTS)]
    yield opened
    for session in opened:
        session.stop()


def columns(session, table):
    return [row.col_name for row in session.sql(f"DESCRIBE TABLE {table}").collect()]


def test_clients_change_the_metastore_at_once(spark, schema, clients):
    def change(client: int) -> list[str]:
        session, own = clients[client], f"{schema}.of_{client}"
        found = []
        for count in range(ROUNDS):
            session.sql(f"CREATE TABLE {own} (c{count} INT)")
            session.sql(f"ALTER TABLE {own} ADD COLUMN more INT")
            found += columns(session, own)
            session.sql(f"DROP TABLE {own}")
        session.sql(f"CREATE TABLE {own} (kept INT)")
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(change, range(CLIENTS)))
    assert results == [[name for count in range(ROUNDS) for name in (f"c{count}", "more")]] * CLIENTS
    tables = {row.tableName for row in spark.sql(f"SHOW TABLES IN {schema}").collect()}
    assert tables == {f"of_{client}" for client in range(CLIENTS)}


def test_each_client_sees_at_once_what_another_has_changed(schema, clients):
    first, second, *_ = clients
    for count in range(ROUNDS):
        first.sql(f"CREATE OR REPLACE VIEW {schema}.window AS SELECT {count} AS c{count}")
        assert columns(second, f"{schema}.window") == [f"c{count}"]
        second.sql(f"ALTER SCHEMA {schema} SET DBPROPERTIES (round = '{count}')")
        assert f"(round,{count})" in str(first.sql(f"DESCRIBE SCHEMA EXTENDED {schema}").collect())


def test_of_many_that_make_the_same_one_does_and_the_metastore_goes_on(spark, schema, clients):
    def make(client: int) -> bool:
        try:
            clients[client].sql(f"CREATE TABLE {schema}.wanted (id INT) USING parquet")
        except PySparkException:
            return False
        return True

    for _ in range(ROUNDS):
        with ThreadPoolExecutor(CLIENTS) as pool:
            assert sum(pool.map(make, range(CLIENTS))) == 1
        assert columns(spark, f"{schema}.wanted") == ["id"]
        spark.sql(f"DROP TABLE {schema}.wanted")
        with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
            spark.sql(f"DROP TABLE {schema}.wanted")
        with pytest.raises(AnalysisException, match="SCHEMA_ALREADY_EXISTS"):
            spark.sql(f"CREATE SCHEMA {schema}")
