"""information_schema in Spark: the tables, columns and types of Databricks' documentation.

Source: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema
"""

import pytest
from pyspark.errors import PySparkException


@pytest.fixture(scope="module")
def sql(spark, catalog):
    """Runs a statement in which `{i}` stands for information_schema, `{s}` for a schema; returns tuples."""

    def run(statement: str) -> list[tuple]:
        names = {"i": f"{catalog}.information_schema", "s": f"{catalog}.loft", "c": catalog}
        return [tuple(row) for row in spark.sql(statement.format(**names)).collect()]

    run("CREATE SCHEMA {s} COMMENT 'up there'")
    run("CREATE TABLE {s}.boxes (id BIGINT NOT NULL COMMENT 'key', price DECIMAL(10,2), day DATE) PARTITIONED BY (day)")
    run("CREATE FUNCTION {s}.of_day(d DATE) RETURNS TABLE (id BIGINT) RETURN SELECT id FROM {s}.boxes WHERE day = d")
    yield run
    run("USE default")
    run("DROP SCHEMA {s} CASCADE")


def test_what_sql_makes_and_drops_is_shown_at_once(sql):
    count = "SELECT count(*) FROM {i}.tables WHERE table_schema = 'loft' AND table_name = 'chest'"
    assert sql(count) == [(0,)]
    sql("CREATE TABLE {s}.chest AS SELECT 1 AS id")
    assert sql(count) == [(1,)]
    sql("DROP TABLE {s}.chest")
    assert sql(count) == [(0,)]


def test_tables_and_columns(sql, catalog):
    tables = "SELECT table_catalog, table_name, table_type, table_owner, data_source_format FROM {i}.tables "
    assert sql(tables + "WHERE table_schema = 'loft'") == [(catalog, "boxes", "MANAGED", "you@localhost", "DELTA")]
    columns = (
        "SELECT column_name, ordinal_position, is_nullable, full_data_type, data_type, numeric_precision, "
        "numeric_scale, partition_ordinal_position, comment FROM {i}.columns "
        "WHERE table_schema = 'loft' ORDER BY ordinal_position"
    )
    assert sql(columns) == [
        ("id", 1, "NO", "bigint", "LONG", 64, 0, None, "key"),
        ("price", 2, "YES", "decimal(10,2)", "DECIMAL", 10, 2, None, None),
        ("day", 3, "YES", "date", "DATE", None, None, 1, None),
    ]


def test_schemas_views_and_routines(sql, catalog):
    assert sql("SELECT schema_name, comment FROM {i}.schemata WHERE schema_name = 'loft'") == [("loft", "up there")]
    sql("CREATE VIEW {s}.keys AS SELECT id FROM {s}.boxes")
    views = sql("SELECT table_name, view_definition FROM {i}.views WHERE table_schema = 'loft'")
    assert views == [("keys", f"SELECT id FROM {catalog}.loft.boxes")]
    sql("DROP VIEW {s}.keys")
    routines = sql("SELECT routine_name, data_type, routine_definition FROM {i}.routines WHERE routine_schema = 'loft'")
    assert routines == [("of_day", "TABLE", f"SELECT id FROM {catalog}.loft.boxes WHERE day = d")]
    parameters = (
        "SELECT parameter_name, ordinal_position, full_data_type FROM {i}.parameters WHERE specific_name = 'of_day'"
    )
    assert sql(parameters) == [("d", 1, "date")]
    assert sql("SELECT column_name FROM {i}.routine_columns WHERE specific_schema = 'loft'") == [("id",)]


def test_it_has_names_of_two_levels_and_can_be_used(sql, catalog):
    assert sql("SELECT catalog_name FROM information_schema.catalogs") == [(catalog,)]
    sql("USE {i}")
    assert sql("SELECT count(*) FROM tables WHERE table_schema = 'loft'") == [(1,)]
    sql("USE default")
    assert ("information_schema", "tables", False) in sql("SHOW TABLES IN {i}")
    assert ("information_schema",) in sql("SHOW SCHEMAS IN {c}")


def test_every_table_can_be_read(sql, spark, catalog):
    for _, name, _ in sql("SHOW TABLES IN {i}"):
        assert spark.table(f"{catalog}.information_schema.{name}").count() >= 0
    columns = dict(spark.table(f"{catalog}.information_schema.volumes").dtypes)
    assert list(columns)[:3] == ["volume_catalog", "volume_schema", "volume_name"]
    assert (columns["volume_name"], columns["created"]) == ("string", "timestamp")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE {i}.mine (id INT)",
        "CREATE VIEW {i}.mine AS SELECT 1",
        "INSERT INTO {i}.information_schema_catalog_name VALUES ('x')",
        "DELETE FROM {i}.tables",
        "DROP TABLE {i}.tables",
        "DROP SCHEMA {i} CASCADE",
        "CREATE SCHEMA {i}",
        "COMMENT ON SCHEMA {i} IS 'x'",
    ],
)
def test_it_can_only_be_read(sql, statement):
    with pytest.raises(PySparkException):
        sql(statement)
    assert len(sql("SHOW TABLES IN {i}")) > 10
