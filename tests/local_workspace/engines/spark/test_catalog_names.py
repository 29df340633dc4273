"""Names of three levels, as Databricks' documentation writes them, understood by the open Spark server.

Source: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names
"""

import pytest
from pyspark.errors import AnalysisException, ParseException, PySparkException


@pytest.fixture(scope="module")
def sql(spark, catalog):
    """Runs a statement in which `{s}` stands for catalog and schema, `{c}` for the catalog; returns tuples."""

    def run(statement: str) -> list[tuple]:
        return [tuple(row) for row in spark.sql(statement.format(c=catalog, s=f"{catalog}.shelf")).collect()]

    run("DROP SCHEMA IF EXISTS {s} CASCADE")
    run("CREATE SCHEMA {s}")
    run("CREATE TABLE {s}.jars (id INT, label STRING) TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    run("INSERT INTO {s}.jars VALUES (1, 'salt'), (2, 'plum')")
    yield run
    run("USE default")
    run("DROP SCHEMA {s} CASCADE")


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT id FROM {s}.jars ORDER BY id", [(1,), (2,)]),
        ("SELECT {s}.jars.label FROM {s}.jars WHERE {s}.jars.id = 1", [("salt",)]),
        ("SELECT id FROM `{c}`.`shelf`.`jars` WHERE id = 2", [(2,)]),
        ("WITH plums AS (SELECT * FROM {s}.jars WHERE label = 'plum') SELECT id FROM plums", [(2,)]),
        ("SELECT count(*) FROM {s}.jars a JOIN {s}.jars b ON a.id = b.id", [(2,)]),
        ("SELECT '{s}.jars' -- {s}.jars", [("{s}.jars",)]),
        ("SELECT count(*) FROM {s}.jars VERSION AS OF 0", [(0,)]),
        ("SELECT count(*) FROM table_changes('{s}.jars', 1)", [(2,)]),
        ("SELECT current_catalog()", [("{c}",)]),
        ("SHOW CATALOGS", [("{c}",)]),
        ("SHOW CATALOGS LIKE '{c}*'", [("{c}",)]),
        ("SHOW CATALOGS LIKE 'no*'", []),
        ("SHOW SCHEMAS IN {c} LIKE 'shelf'", [("shelf",)]),
        ("SHOW VIEWS IN {s}", []),
        ("SHOW COLUMNS IN jars IN {s}", [("id",), ("label",)]),
        ("SHOW TABLES IN {s} LIKE 'jars'", [("shelf", "jars", False)]),
        ("SHOW COLUMNS IN {s}.jars", [("id",), ("label",)]),
    ],
)
def test_a_query_with_names_of_three_levels(sql, catalog, statement, rows):
    names = {"c": catalog, "s": f"{catalog}.shelf"}
    expected = [tuple(value.format(**names) if isinstance(value, str) else value for value in row) for row in rows]
    assert sql(statement) == expected


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SHOW SCHEMAS IN {c}", ["databaseName"]),
        ("SHOW TABLES IN {s}", ["database", "tableName", "isTemporary"]),
        ("SHOW TABLE EXTENDED IN {s} LIKE 'jars'", ["database", "tableName", "isTemporary", "information"]),
        ("SHOW TBLPROPERTIES {s}.jars", ["key", "value"]),
        ("SHOW TBLPROPERTIES {s}.jars ('delta.enableChangeDataFeed')", ["value"]),
        ("DESCRIBE SCHEMA {s}", ["database_description_item", "database_description_value"]),
    ],
)
def test_the_columns_of_an_answer_have_the_names_that_databricks_documents(sql, spark, catalog, statement, columns):
    assert spark.sql(statement.format(c=catalog, s=f"{catalog}.shelf")).columns == columns


def test_the_catalog_is_found_in_any_spelling(sql, catalog):
    assert sql(f"SELECT count(*) FROM {catalog.upper()}.Shelf.JARS") == [(2,)]


def test_tables_are_made_changed_and_dropped(sql):
    sql("CREATE TABLE {s}.boxes AS SELECT 1 AS id, 'small' AS size")
    sql(
        "MERGE INTO {s}.boxes b USING {s}.jars j ON b.id = j.id WHEN NOT MATCHED THEN "
        "INSERT (id, size) VALUES (id, 'x')"
    )
    sql("UPDATE {s}.boxes SET size = 'large' WHERE id = 2")
    sql("DELETE FROM {s}.boxes WHERE id = 1")
    sql("ALTER TABLE {s}.boxes ADD COLUMN colour STRING")
    sql("COMMENT ON TABLE {s}.boxes IS 'what holds jars'")
    sql("OPTIMIZE {s}.boxes")
    assert sql("SELECT * FROM {s}.boxes") == [(2, "large", None)]
    assert len(sql("DESCRIBE HISTORY {s}.boxes")) >= 5
    sql("ALTER TABLE {s}.boxes RENAME TO {s}.crates")
    sql("ALTER TABLE {s}.crates RENAME TO `shelf`.boxes")
    sql("DROP TABLE IF EXISTS {s}.boxes")
    assert sql("SHOW TABLES IN {s} LIKE 'boxes'") == []


def test_views_read_what_they_name(sql):
    sql("CREATE OR REPLACE VIEW {s}.labels AS SELECT label FROM {s}.jars")
    assert sql("SELECT * FROM {s}.labels ORDER BY label") == [("plum",), ("salt",)]
    sql("ALTER VIEW {s}.labels RENAME TO {s}.words")
    sql("DROP VIEW {s}.words")


def test_functions_return_values_and_tables_wherever_they_stand(sql):
    sql("CREATE OR REPLACE FUNCTION {s}.next(x INT) RETURNS INT RETURN x + 1")
    sql(
        "CREATE OR REPLACE FUNCTION {s}.labelled(x INT) RETURNS TABLE (label STRING) "
        "RETURN SELECT label FROM {s}.jars WHERE id = x"
    )
    assert sql("SELECT {s}.next(1), {s}.next(2)") == [(2, 3)]
    assert sql("SELECT * FROM {s}.labelled(2)") == [("plum",)]
    assert sql("SELECT * FROM shelf.labelled(2)") == [("plum",)]
    assert sql("SELECT j.id, l.label FROM {s}.jars j, LATERAL {s}.labelled(j.id) l WHERE j.id = 1") == [(1, "salt")]
    assert sql("WITH found AS (SELECT * FROM {s}.labelled(1)) SELECT label FROM found") == [("salt",)]
    assert sql("SELECT l.label FROM {s}.jars j JOIN (SELECT * FROM {s}.labelled(2)) l ON l.label = j.label") == [
        ("plum",)
    ]
    assert sql("SELECT extract(YEAR FROM DATE'2024-02-03'), {s}.next(1) IS DISTINCT FROM {s}.next(2)") == [(2024, True)]
    assert sql("SELECT (SELECT max(label) FROM {s}.labelled(1)), {s}.next(1)") == [("salt", 2)]
    sql("CREATE OR REPLACE VIEW {s}.salty AS SELECT label FROM {s}.labelled(1)")
    assert sql("SELECT * FROM {s}.salty") == [("salt",)]
    sql("DROP FUNCTION {s}.next")
    with pytest.raises(AnalysisException, match="next"):
        sql("SELECT {s}.next(1)")


def test_the_session_can_use_the_catalog_and_a_schema_of_it(sql):
    sql("USE CATALOG {c}")
    sql("USE {s}")
    assert sql("SELECT current_schema(), count(*) FROM jars") == [("shelf", 2)]
    sql("USE SCHEMA {c}.default")
    assert sql("SELECT current_schema()") == [("default",)]


def test_descriptions_name_the_catalog(sql, catalog):
    assert dict(sql("DESCRIBE CATALOG {c}"))["Catalog Name"] == catalog
    assert "Created At" in dict(sql("DESCRIBE CATALOG EXTENDED {c}"))
    assert dict(sql("DESCRIBE SCHEMA {s}"))["Catalog Name"] == catalog
    sql("CREATE OR REPLACE VIEW {s}.shown AS SELECT * FROM {s}.jars")
    sql("CREATE OR REPLACE FUNCTION {s}.thrice(x INT) RETURNS INT RETURN 3 * x")
    assert (f"{catalog}.shelf.thrice",) in sql("SHOW USER FUNCTIONS IN {s}")
    for statement in (
        "DESCRIBE TABLE EXTENDED {s}.jars",
        "DESCRIBE TABLE EXTENDED {s}.shown",
        "DESCRIBE TABLE EXTENDED {s}.shown AS JSON",
        "DESCRIBE DETAIL {s}.jars",
        "SHOW TABLE EXTENDED IN {s} LIKE '*'",
        "SHOW CREATE TABLE {s}.shown",
        "EXPLAIN SELECT * FROM {s}.jars",
    ):
        answer = str(sql(statement))
        assert catalog in answer and "spark_catalog" not in answer
    sql("DROP VIEW {s}.shown")
    sql("DROP FUNCTION {s}.thrice")


def test_columns_are_named_after_functions_with_the_catalog(spark, sql, catalog):
    sql("CREATE OR REPLACE FUNCTION {s}.twice(x INT) RETURNS INT RETURN 2 * x")
    named = f"{catalog}.shelf.twice(id)"
    for query, columns in {
        "SELECT shelf.twice(id) FROM shelf.jars": [named],
        "SELECT shelf.twice(id) + 1 FROM shelf.jars": [f"({named} + 1)"],
        f"SELECT `{named}` FROM (SELECT shelf.twice(id) FROM shelf.jars)": [named],
        "WITH n AS (SELECT shelf.twice(id) FROM shelf.jars) SELECT * FROM n UNION SELECT 5": [named],
        "SELECT shelf.twice(id), count(*) FROM shelf.jars GROUP BY shelf.twice(id)": [named, "count(1)"],
    }.items():
        assert spark.sql(query).columns == columns
    sql("DROP FUNCTION {s}.twice")


def test_the_owner_is_the_workspaces_user_until_the_table_is_given_to_another(w, sql, catalog):
    sql("CREATE OR REPLACE VIEW {s}.owned AS SELECT 1 AS Owner")
    sql("CREATE OR REPLACE TABLE {s}.owning (Owner STRING)")
    sql("CREATE TABLE IF NOT EXISTS {s}.of_files (a INT) USING csv")
    user, ana = w.current_user.me().user_name, "ana.owner@example.com"

    def owners(name: str) -> tuple[str, str]:
        rows = sql(f"DESCRIBE TABLE EXTENDED {{s}}.{name}")
        [listed] = [row[3] for row in sql(f"SHOW TABLE EXTENDED IN {{s}} LIKE '{name}'")]
        told = listed[listed.index("Owner: ") :].splitlines()[0]
        return [row[1] for row in rows if row[0] == "Owner"][-1], told.removeprefix("Owner: ")

    names = ("owned", "owning", "of_files")
    assert {owners(name) for name in names} == {(user, user)}
    assert sql("DESCRIBE TABLE EXTENDED {s}.owning")[0][:2] == ("Owner", "string")
    assert f'"owner":"{user}"' in sql("DESCRIBE TABLE EXTENDED {s}.owned AS JSON")[0][0]
    made = w.users.create(user_name=ana)
    w.tables.update(f"{catalog}.shelf.owning", owner=ana)
    assert owners("owning") == (ana, ana)
    assert owners("owned") == (user, user)
    sql("DROP TABLE {s}.owning")
    w.users.delete(made.id)


@pytest.mark.parametrize(
    "statement",
    [
        "USE SCHEMA IDENTIFIER('{s}')",
        "USE SCHEMA IDENTIFIER('{c}').shelf",
        "USE SCHEMA IDENTIFIER('{c}' || '.shelf')",
        "USE DATABASE IDENTIFIER('shelf')",
        "USE SCHEMA {s}",
    ],
)
def test_a_schema_is_used_however_its_name_is_given(sql, statement):
    sql("USE default")
    sql(statement)
    assert sql("SELECT current_schema()") == [("shelf",)]
    assert sql("SHOW COLUMNS IN IDENTIFIER('jars') IN IDENTIFIER('{s}')") == [("id",), ("label",)]
    sql("USE default")


def test_a_new_name_may_be_an_identifier(sql):
    sql("CREATE OR REPLACE TABLE {s}.old_name (id INT)")
    sql("ALTER TABLE IDENTIFIER('{s}.old_name') RENAME TO IDENTIFIER('{s}.new_name')")
    sql("DROP TABLE {s}.new_name")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {s}.nothing",
        "SELECT {s}.nothing(1)",
        "SELECT nothing FROM {s}.jars",
        "DROP TABLE {s}.nothing",
        "CREATE TABLE {c}.nowhere.jars (id INT)",
        "SELECT * FROM another.shelf.jars",
        "TRUNCATE TABLE {s}.above",
    ],
)
def test_errors_name_the_catalog(sql, catalog, statement):
    sql("CREATE OR REPLACE VIEW {s}.above AS SELECT * FROM {s}.jars")
    with pytest.raises(PySparkException) as caught:
        sql(statement)
    assert catalog in str(caught.value)
    assert "spark_catalog" not in f"{caught.value} {caught.value.getMessageParameters()}"


def test_clients_name_the_catalog(spark, catalog):
    assert spark.catalog.currentCatalog() == catalog
    assert [found.name for found in spark.catalog.listCatalogs()] == [catalog]
    assert spark.catalog.listCatalogs("no*") == []
    spark.catalog.setCurrentCatalog(catalog)
    with pytest.raises(PySparkException, match="another"):
        spark.catalog.setCurrentCatalog("another")


def test_what_clients_list_and_get_names_the_catalog(sql, spark, catalog):
    calls = spark.catalog
    spark.range(1).createOrReplaceTempView("passing")
    sql("CREATE OR REPLACE FUNCTION {s}.lid() RETURNS INT RETURN 1")
    databases, tables = calls.listDatabases(), calls.listTables(f"{catalog}.shelf")
    assert {"shelf", "default"} <= {found.name for found in databases}
    assert {found.catalog for found in databases} == {catalog}
    assert {(found.catalog, found.isTemporary) for found in tables} == {(catalog, False), (None, True)}
    assert calls.getDatabase(f"{catalog}.shelf").catalog == calls.getDatabase("shelf").catalog == catalog
    assert calls.getTable(f"{catalog}.shelf.jars").catalog == catalog
    assert calls.getFunction(f"{catalog}.shelf.lid").catalog == catalog
    (lid,) = calls.listFunctions(f"{catalog}.shelf", "lid")
    assert (lid.catalog, lid.namespace) == (catalog, ["shelf"])
    calls.dropTempView("passing")
    sql("DROP FUNCTION {s}.lid")


def test_the_catalog_samples_has_the_taxi_rides_and_is_read_only(sql):
    backwards = "tpep_dropoff_datetime <= tpep_pickup_datetime OR trip_distance <= 0 OR fare_amount <= 0"
    counts = f"count(*), count_if({backwards}), count(DISTINCT pickup_zip), count(DISTINCT dropoff_zip)"
    assert sql(f"SELECT {counts} FROM samples.nyctaxi.trips") == [(20_000, 0, 14, 14)]
    assert sql("SHOW TABLES IN samples.nyctaxi") == [("nyctaxi", "trips", False)]
    with pytest.raises(PySparkException, match="read-only"):
        sql("DROP TABLE samples.nyctaxi.trips")
    with pytest.raises(PySparkException, match="wanderbricks"):
        sql("SELECT * FROM samples.wanderbricks.bookings")


def test_another_catalog_is_not_found(sql):
    with pytest.raises(PySparkException, match="another"):
        sql("USE CATALOG another")
    with pytest.raises(PySparkException, match="another"):
        sql("DESCRIBE CATALOG another")
    with pytest.raises(PySparkException, match="another"):
        sql("SELECT * FROM another.shelf.jars")


def test_an_error_of_grammar_shows_the_statement_as_it_was_written(sql, catalog):
    with pytest.raises(ParseException) as caught:
        sql("SELECT * FROM {s}.jars WHERE id = = 1")
    assert f"{catalog}.shelf.jars" in str(caught.value)
    assert "spark_catalog" not in str(caught.value)


def test_clients_use_the_names_too(sql, spark, catalog):
    assert spark.table(f"{catalog}.shelf.jars").count() == 2
    assert spark.catalog.tableExists(f"{catalog}.shelf.jars")
    assert not spark.catalog.tableExists(f"{catalog}.shelf.lids")
    assert spark.catalog.databaseExists(f"{catalog}.shelf")
    spark.range(3).write.mode("overwrite").saveAsTable(f"{catalog}.shelf.lids")
    spark.range(2).writeTo(f"{catalog}.shelf.lids").append()
    assert spark.table(f"{catalog}.shelf.lids").count() == 5
    assert "lids" in [table.name for table in spark.catalog.listTables(f"{catalog}.shelf")]


def test_a_schema_may_have_the_catalogs_name(sql, spark, catalog):
    sql("CREATE SCHEMA {c}.{c}")
    sql("CREATE TABLE {c}.{c}.spoons AS SELECT 7 AS id")
    assert sql("SELECT id FROM {c}.spoons") == [(7,)]
    assert spark.table(f"{catalog}.spoons").count() == 1
    sql("DROP SCHEMA {c}.{c} CASCADE")
