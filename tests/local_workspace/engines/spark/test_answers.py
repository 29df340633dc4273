"""What statements answer that open Spark and Delta Lake answer otherwise, or refuse.

Sources: https://docs.databricks.com/aws/en/sql/language-manual and what notebooks show that ran on Databricks, such as
https://github.com/jOOQ/jOOQ/issues/19733 for INSERT.
"""

import re

import pytest
from pyspark.errors import PySparkException


@pytest.fixture(scope="module")
def sql(spark, catalog):
    """Runs a statement in which `{s}` stands for catalog and schema, `{c}` for the catalog; returns tuples."""

    def run(statement: str) -> list[tuple]:
        names = {"c": catalog, "s": f"{catalog}.answers"}
        return [tuple(row) for row in spark.sql(re.sub(r"\{([cs])\}", lambda m: names[m[1]], statement)).collect()]

    run("CREATE SCHEMA {s}")
    yield run
    run("USE default")
    run("DROP SCHEMA {s} CASCADE")


WRITTEN = ["num_affected_rows", "num_inserted_rows"]


def test_an_insert_says_how_many_rows_it_has_written(sql, spark, catalog):
    table = f"{catalog}.answers.written"
    sql("CREATE TABLE {s}.written (id INT, day INT) PARTITIONED BY (day)")
    sql("CREATE TABLE {s}.copied (id INT, day INT)")
    answer = spark.sql(f"INSERT INTO {table} VALUES (1, 1), (2, 1), (3, 2)")
    assert (answer.columns, [tuple(row) for row in answer.collect()]) == (WRITTEN, [(3, 3)])
    for statement, count in {
        "INSERT INTO {s}.written (day, id) VALUES (2, 4)": 1,
        "INSERT INTO {s}.written BY NAME SELECT 3 AS day, 5 AS id": 1,
        "INSERT INTO {s}.written SELECT * FROM {s}.written WHERE id > 99": 0,
        "INSERT OVERWRITE {s}.written PARTITION (day = 3) SELECT id FROM range(6, 8)": 2,
        "INSERT INTO {s}.written REPLACE WHERE day = 2 VALUES (9, 2)": 1,
        "WITH few AS (SELECT 10 AS id) INSERT INTO {s}.written SELECT id, 4 FROM few": 1,
        "INSERT INTO {s}.copied SELECT * FROM {s}.written": 6,
        "INSERT INTO {s}.copied REPLACE WHERE id = 1 VALUES (1, 7)": 1,
        "INSERT OVERWRITE {s}.copied VALUES (1, 1), (2, 2)": 2,
    }.items():
        assert sql(statement) == [(count, count)], statement
    written = sql("SELECT * FROM {s}.written ORDER BY id")
    assert written == [(1, 1), (2, 1), (6, 3), (7, 3), (9, 2), (10, 4)]
    assert len(sql("DESCRIBE HISTORY {s}.written")) == 7  # each statement has run once; that of no rows made no commit


def test_values_are_bound_to_an_insert_that_counts(spark, catalog, sql):
    sql("CREATE TABLE {s}.bound (id INT)")
    assert spark.sql(f"INSERT INTO {catalog}.answers.bound VALUES (?), (?)", [1, 2]).collect() == [(2, 2)]
    assert sql("SELECT count(*) FROM {s}.bound") == [(2,)]


def test_a_refused_insert_writes_nothing(sql):
    sql("CREATE TABLE {s}.strict (id INT NOT NULL)")
    for statement in (
        "INSERT INTO {s}.strict VALUES (NULL)",
        "INSERT INTO {s}.strict VALUES (1, 2)",
        "INSERT INTO {s}.strict VALUES ('a')",
        "INSERT INTO {s}.strict SELECT nothing FROM {s}.strict",
        "INSERT INTO {s}.nothing VALUES (1)",
    ):
        with pytest.raises(PySparkException):
            sql(statement)
    assert sql("SELECT count(*) FROM {s}.strict") == [(0,)]


def test_a_table_made_of_a_query_has_the_columns_of_an_insert_without_a_row(sql, spark, catalog):
    for statement in (
        "CREATE TABLE {t} AS SELECT 1 AS id",
        "CREATE TABLE IF NOT EXISTS {t} AS SELECT 2 AS id",
        "CREATE OR REPLACE TABLE {t} AS SELECT 3 AS id",
    ):
        answer = spark.sql(statement.format(t=f"{catalog}.answers.made"))
        assert (answer.columns, answer.collect()) == (WRITTEN, [])
    assert sql("SELECT id FROM {s}.made") == [(3,)]
    assert spark.sql(f"CREATE TABLE {catalog}.answers.empty (id INT)").columns == []


def test_a_table_in_another_format_counts_no_rows(sql, spark, catalog):
    sql("CREATE TABLE {s}.plain (id INT) USING csv")
    assert spark.sql(f"INSERT INTO {catalog}.answers.plain VALUES (1)").columns == []
    assert sql("SELECT * FROM {s}.plain") == [(1,)]


def test_show_create_table_answers_the_statement_that_makes_the_table(sql, catalog):
    statement = (
        f"CREATE TABLE {catalog}.answers.shelf (\n"
        "  id BIGINT NOT NULL COMMENT 'it\\'s the key',\n"
        "  label VARCHAR(10) DEFAULT 'none',\n"
        "  `a-b` STRUCT<x: INT, y: ARRAY<STRING>>,\n"
        "  twice BIGINT GENERATED ALWAYS AS (id * 2),\n"
        "  day DATE)\n"
        "USING delta\n"
        "PARTITIONED BY (day)\n"
        "COMMENT 'what holds \\\\ jars'\n"
        "TBLPROPERTIES (\n"
        "  'delta.enableChangeDataFeed' = 'true',\n"
        "  'delta.feature.allowColumnDefaults' = 'supported',\n"
    )
    sql(statement.removesuffix(",\n") + ")")
    [(shown,)] = sql("SHOW CREATE TABLE {s}.shelf")
    assert shown.startswith(statement)
    sql("DROP TABLE {s}.shelf")
    sql(shown)
    assert sql("SHOW CREATE TABLE {s}.shelf") == [(shown,)]
    sql("DROP TABLE {s}.shelf")


def test_show_create_table_of_clusters_identities_and_other_places(sql, tmp_path, catalog):
    sql("CREATE TABLE {s}.clustered (id BIGINT GENERATED ALWAYS AS IDENTITY, x INT, y INT) CLUSTER BY (x, y)")
    [(clustered,)] = sql("SHOW CREATE TABLE {s}.clustered")
    assert "  id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1),\n" in clustered
    assert "\nUSING delta\nCLUSTER BY (x, y)\nTBLPROPERTIES (\n" in clustered
    sql(f"CREATE TABLE {{s}}.elsewhere (id INT) LOCATION '{tmp_path}/it is here'")
    [(elsewhere,)] = sql("SHOW CREATE TABLE {s}.elsewhere")
    assert re.search(rf"\nLOCATION 'file:/*{tmp_path}/it.*here'\n", elsewhere)
    assert "local_workspace" not in clustered + elsewhere


def test_describe_function_has_the_lines_that_databricks_documents(sql, catalog):
    sql(
        "CREATE FUNCTION {s}.roll(num_dice INT, num_sides BIGINT DEFAULT 6 COMMENT 'a cube') RETURNS BIGINT "
        "COMMENT 'luck' RETURN num_dice * num_sides"
    )
    lines = [line for (line,) in sql("DESCRIBE FUNCTION {s}.roll")]
    assert lines == [
        f"Function: {catalog}.answers.roll",
        "Type:     SCALAR",
        "Input:    num_dice  INT",
        "          num_sides BIGINT",
        "Returns:  BIGINT",
    ]
    extended = [line for (line,) in sql("DESCRIBE FUNCTION EXTENDED {s}.roll")]
    assert extended[:8] == [
        f"Function:      {catalog}.answers.roll",
        "Type:          SCALAR",
        "Input:         num_dice  INT",
        "               num_sides BIGINT DEFAULT 6 'a cube'",
        "Returns:       BIGINT",
        "Comment:       luck",
        "Deterministic: true",
        "Data Access:   CONTAINS SQL",
    ]
    assert extended[8] == "Owner:         you@localhost"
    assert re.fullmatch(r"Create Time:   \w{3} \w{3} \d\d [\d:]{8} \w+ 20\d\d", extended[9])
    assert extended[10:] == ["Body:          num_dice * num_sides"]


def test_describe_function_of_a_table_function_and_of_a_temporary_one(sql, catalog):
    sql("CREATE FUNCTION {s}.names() RETURNS TABLE (id INT, name STRING) RETURN SELECT 1, current_schema()")
    sql("CREATE TEMPORARY FUNCTION hello() RETURNS STRING RETURN 'spark_catalog.a.b('")
    assert [line for (line,) in sql("DESCRIBE FUNCTION {s}.names")] == [
        f"Function: {catalog}.answers.names",
        "Type:     TABLE",
        "Input:    ()",
        "Returns:  id   INT",
        "          name STRING",
    ]
    assert [line for (line,) in sql("DESCRIBE FUNCTION hello")][:2] == ["Function: hello", "Type:     SCALAR"]
    assert "Function: abs" in sql("DESCRIBE FUNCTION abs")[0][0]
    sql("DROP TEMPORARY FUNCTION hello")


def test_the_history_names_who_made_a_commit(sql, w, tmp_path, spark):
    import deltalake
    import pyarrow as pa

    me = w.current_user.me()
    sql(f"CREATE TABLE {{s}}.told (id INT) LOCATION '{tmp_path}/told'")
    deltalake.write_deltalake(f"{tmp_path}/told", pa.table({"id": pa.array([1], pa.int32())}), mode="append")
    shown = sql("DESCRIBE HISTORY {s}.told")
    assert [(row[0], row[2], row[3]) for row in shown] == [(1, None, None), (0, me.id, me.user_name)]
    assert sql("DESCRIBE HISTORY {s}.told LIMIT 1")[0][0] == 1


def test_system_information_schema_is_that_of_the_whole_metastore(sql, catalog):
    sql("CREATE TABLE {s}.seen (id INT)")
    for table in ("tables", "columns"):
        rows = sql(f"SELECT table_catalog FROM system.information_schema.{table} WHERE table_name = 'seen'")
        assert rows == [(catalog,)]
    assert sql("SHOW TABLES IN system.information_schema") == sql("SHOW TABLES IN {c}.information_schema")
    assert sql("SHOW SCHEMAS IN system") == [("information_schema",)]
    assert sql("SELECT * FROM system.information_schema.information_schema_catalog_name") == [("system",)]
    for name in ("system.billing.usage", "system.access.audit"):
        with pytest.raises(PySparkException, match=f"{name} exist on Databricks only: .*system.information_schema"):
            sql(f"SELECT * FROM {name}")
    with pytest.raises(PySparkException, match="'system' is read-only"):
        sql("DROP TABLE system.information_schema.tables")


def test_variables_of_a_session_are_not_in_the_catalog_system(sql):
    sql("DECLARE OR REPLACE VARIABLE five INT DEFAULT 5")
    assert sql("SELECT five, session.five, system.session.five") == [(5, 5, 5)]
    sql("DROP TEMPORARY VARIABLE five")


def test_the_current_catalog_is_the_one_in_use(sql, spark, catalog):
    sql("USE CATALOG system")
    assert sql("SELECT current_catalog()") == [("system",)]
    sql("USE CATALOG {c}")
    assert sql("SELECT current_catalog()") == [(catalog,)]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT 'spark_catalog.a.b('", "spark_catalog.a.b("),
        ("SELECT concat('spark_catalog.a.b(', id) FROM range(1)", "concat(spark_catalog.a.b(, id)"),
        ("SELECT 1 AS `spark_catalog.a.b(`", "spark_catalog.a.b("),
        ("WITH a AS (SELECT 1 AS `spark_catalog.a.b(`) SELECT * FROM a", "spark_catalog.a.b("),
    ],
)
def test_a_text_in_the_name_of_a_column_stays_as_it_is(spark, catalog, query, name):
    assert spark.sql(query).columns == [name]
