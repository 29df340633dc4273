"""The catalog's API after each change that a client of Spark or of the table's files has made."""

import pyarrow as pa
import pytest
from databricks.sdk.errors import BadRequest, NotFound
from deltalake import write_deltalake


@pytest.fixture
def shelf(w, catalog, spark):
    name = f"{catalog}.shelf"
    spark.sql(f"CREATE SCHEMA {name}").collect()
    yield name
    w.schemas.delete(name, force=True)


@pytest.fixture
def names(w, catalog):
    """Reads the names of what the schema has: tables and functions."""

    def read() -> tuple[list[str], list[str]]:
        tables, functions = w.tables.list(catalog, "shelf"), w.functions.list(catalog, "shelf")
        return [table.name for table in tables], [function.name for function in functions]

    return read


def test_tables_views_and_functions_are_there_at_once_and_gone_at_once(spark, shelf, names):
    assert names() == ([], [])
    spark.sql(f"CREATE TABLE {shelf}.jars (id INT)").collect()
    assert names() == (["jars"], [])
    spark.sql(f"CREATE VIEW {shelf}.few AS SELECT * FROM {shelf}.jars").collect()
    assert names() == (["few", "jars"], [])
    spark.sql(f"CREATE FUNCTION {shelf}.one() RETURNS INT RETURN 1").collect()
    assert names() == (["few", "jars"], ["one"])
    spark.sql(f"ALTER TABLE {shelf}.jars RENAME TO {shelf}.tins").collect()
    assert names() == (["few", "tins"], ["one"])
    for thing in ("FUNCTION {}.one", "VIEW {}.few", "TABLE {}.tins"):
        spark.sql(f"DROP {thing.format(shelf)}").collect()
    assert names() == ([], [])


def test_a_tables_columns_and_version_are_those_of_its_last_commit_whoever_made_it(w, spark, shelf):
    def columns_and_version() -> tuple[list[str], str]:
        table = w.tables.get(f"{shelf}.jars")
        return [column.name for column in table.columns], table.properties["delta.lastUpdateVersion"]

    spark.sql(f"CREATE TABLE {shelf}.jars (id INT)").collect()
    assert columns_and_version() == columns_and_version() == (["id"], "0")
    spark.sql(f"ALTER TABLE {shelf}.jars ADD COLUMN lid STRING").collect()
    assert columns_and_version() == (["id", "lid"], "1")
    rows = pa.table({"id": pa.array([1], pa.int32()), "lid": ["red"], "size": ["big"]})
    write_deltalake(w.tables.get(f"{shelf}.jars").storage_location, rows, mode="append", schema_mode="merge")
    assert columns_and_version() == (["id", "lid", "size"], "2")
    spark.sql(f"CREATE OR REPLACE TABLE {shelf}.jars (weight INT)").collect()
    assert columns_and_version() == (["weight"], "3")


def test_functions_and_schemas_that_are_replaced_and_described_show_it(w, catalog, spark, shelf):
    for body in ("1", "2"):
        spark.sql(f"CREATE OR REPLACE FUNCTION {shelf}.one() RETURNS INT RETURN {body}").collect()
        assert w.functions.get(f"{shelf}.one").routine_definition == body
    for comment in ("left", "right"):
        spark.sql(f"COMMENT ON SCHEMA {shelf} IS '{comment}'").collect()
        assert [schema.comment for schema in w.schemas.list(catalog) if schema.full_name == shelf] == [comment]
    spark.sql(f"DROP SCHEMA {shelf} CASCADE").collect()
    with pytest.raises(NotFound):
        w.functions.get(f"{shelf}.one")
    assert shelf not in [schema.full_name for schema in w.schemas.list(catalog)]
    spark.sql(f"CREATE SCHEMA {shelf}").collect()
    assert w.schemas.get(shelf).comment is None


def test_information_schema_has_views_of_its_own_that_stay(w, catalog):
    views = {table.name: table for table in w.tables.list(catalog, "information_schema")}
    assert {"tables", "columns", "schemata"} <= views.keys()
    assert {(view.table_type.value, view.owner) for view in views.values()} == {("VIEW", "System user")}
    assert "table_schema" in [column.name for column in w.tables.get(f"{catalog}.information_schema.tables").columns]
    with pytest.raises(BadRequest, match="belongs to the catalog and can't be changed"):
        w.tables.delete(f"{catalog}.information_schema.tables")
