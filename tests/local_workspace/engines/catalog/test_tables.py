"""Tables, views and functions as Unity Catalog's API shows them. Fields: databricks.sdk.service.catalog."""

import json

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.catalog import ColumnTypeName, DataSourceFormat, TableType

ME = "you@localhost"


@pytest.fixture(scope="module")
def larder(w, catalog, spark):
    """The full name of a schema with a table, a view and two functions."""
    name = f"{catalog}.larder"
    for statement in (
        f"CREATE SCHEMA {name} COMMENT 'what''s kept'",
        f"CREATE TABLE {name}.jars (id BIGINT NOT NULL COMMENT 'the key', price DECIMAL(10,2), day DATE, "
        "size STRUCT<height: INT, lids: ARRAY<STRING>>, label VARCHAR(9)) PARTITIONED BY (day) "
        "COMMENT 'all jars' TBLPROPERTIES ('shelf' = 'left')",
        f"CREATE VIEW {name}.cheap COMMENT 'below one' AS SELECT id, price FROM {name}.jars WHERE price < 1",
        f"CREATE FUNCTION {name}.twice(n INT COMMENT 'a number', by DECIMAL(4,1) DEFAULT 2.0) RETURNS DOUBLE "
        "COMMENT 'doubles' RETURN n * by",
        f"CREATE FUNCTION {name}.of_day(d DATE) RETURNS TABLE (id BIGINT, price DECIMAL(10,2)) "
        f"RETURN SELECT id, price FROM {name}.jars WHERE day = d",
    ):
        spark.sql(statement).collect()
    yield name
    w.schemas.delete(name, force=True)


def test_a_table_shows_columns_properties_owner_and_times(w, larder):
    table = w.tables.get(f"{larder}.jars")
    shown = [(c.name, c.position, c.type_text, c.type_name, c.nullable, c.comment) for c in table.columns]
    assert shown == [
        ("id", 0, "bigint", ColumnTypeName.LONG, False, "the key"),
        ("price", 1, "decimal(10,2)", ColumnTypeName.DECIMAL, True, None),
        ("day", 2, "date", ColumnTypeName.DATE, True, None),
        ("size", 3, "struct<height:int,lids:array<string>>", ColumnTypeName.STRUCT, True, None),
        ("label", 4, "varchar(9)", ColumnTypeName.STRING, True, None),
    ]
    assert [c.partition_index for c in table.columns] == [None, None, 0, None, None]
    assert (table.columns[1].type_precision, table.columns[1].type_scale) == (10, 2)
    assert json.loads(table.columns[0].type_json)["type"] == "long"
    assert (table.table_type, table.data_source_format) == (TableType.MANAGED, DataSourceFormat.DELTA)
    assert (table.comment, table.properties["shelf"]) == ("all jars", "left")
    assert not [name for name in table.properties if name.startswith("local_workspace")]
    assert table.storage_location.endswith("larder.db/jars") and len(table.table_id) == 36
    assert (table.owner, table.created_by, table.updated_by) == (ME, ME, ME)
    assert 1_700_000_000_000 < table.created_at <= table.updated_at


def test_a_view_shows_its_query_with_the_names_it_was_written_with(w, larder):
    view = w.tables.get(f"{larder}.cheap")
    assert view.view_definition == f"SELECT id, price FROM {larder}.jars WHERE price < 1"
    assert (view.table_type, view.comment) == (TableType.VIEW, "below one")
    assert [(c.name, c.type_text) for c in view.columns] == [("id", "bigint"), ("price", "decimal(10,2)")]


def test_a_views_query_is_as_it_was_written_also_with_quotes_and_table_functions(w, larder, spark):
    catalog, schema = larder.split(".")
    query = f"SELECT j.id FROM `{catalog}`.`{schema}`.jars j JOIN {larder}.of_day(DATE'2024-01-01') d ON j.id = d.id"
    spark.sql(f"CREATE VIEW {larder}.both AS {query}").collect()
    assert w.tables.get(f"{larder}.both").view_definition == query
    w.tables.delete(f"{larder}.both")


def test_a_table_outside_of_the_catalogs_storage_is_external(w, larder, spark, tmp_path):
    spark.sql(f"CREATE TABLE {larder}.far USING PARQUET LOCATION '{tmp_path}/far' AS SELECT 1 AS id").collect()
    table = w.tables.get(f"{larder}.far")
    assert (table.table_type, table.data_source_format) == (TableType.EXTERNAL, DataSourceFormat.PARQUET)
    assert table.storage_location == f"{tmp_path}/far"
    spark.sql(f"DROP TABLE {larder}.far").collect()


def test_a_listing_leaves_out_what_is_not_wanted(w, larder):
    catalog, schema = larder.split(".")
    whole = {table.name: table for table in w.tables.list(catalog, schema)}
    assert list(whole) == ["cheap", "jars"]
    assert len(whole["jars"].columns) == 5 and whole["jars"].properties["shelf"] == "left"
    options = {"omit_columns": True, "omit_properties": True, "omit_username": True}
    bare = next(table for table in w.tables.list(catalog, schema, **options) if table.name == "jars")
    assert not any((bare.columns, bare.properties, bare.owner, bare.created_by, bare.updated_by))
    assert (bare.comment, bare.table_id) == ("all jars", whole["jars"].table_id)


def test_summaries_are_of_the_names_that_are_like_the_patterns(w, larder):
    catalog, _ = larder.split(".")
    found = w.tables.list_summaries(catalog, schema_name_pattern="larde_", table_name_pattern="%a%")
    assert {table.full_name: table.table_type for table in found} == {
        f"{larder}.cheap": TableType.VIEW,
        f"{larder}.jars": TableType.MANAGED,
    }
    assert list(w.tables.list_summaries(catalog, schema_name_pattern="larder", table_name_pattern="a.b|jars")) == []


def test_a_table_can_be_given_to_another_and_made_again_is_its_makers(w, larder, spark, cook):
    name = f"{larder}.lids"
    spark.sql(f"CREATE TABLE {name} AS SELECT 1 AS id").collect()
    w.tables.update(name, owner=cook)
    assert w.tables.get(name).owner == cook
    with pytest.raises(BadRequest, match="comment: a local workspace does not support this field"):
        w.api_client.do("PATCH", f"/api/2.1/unity-catalog/tables/{name}", body={"comment": "x"})
    w.tables.delete(name)
    with pytest.raises(NotFound, match="lids"):
        w.tables.update(name, owner=cook)


def test_a_function_shows_its_parameters_result_and_definition(w, larder):
    function = w.functions.get(f"{larder}.twice")
    shown = [(p.name, p.position, p.type_text, p.type_name, p.comment) for p in function.input_params.parameters]
    assert shown == [
        ("n", 0, "int", ColumnTypeName.INT, "a number"),
        ("by", 1, "decimal(4,1)", ColumnTypeName.DECIMAL, None),
    ]
    assert [p.parameter_default for p in function.input_params.parameters] == [None, "2.0"]
    assert (function.data_type, function.full_data_type) == (ColumnTypeName.DOUBLE, "double")
    assert (function.comment, function.routine_definition, function.is_deterministic) == ("doubles", "n * by", True)
    assert function.owner == ME and function.return_params is None
    assert function.created_at == w.functions.get(f"{larder}.twice").created_at > 1_700_000_000_000


def test_a_table_function_shows_the_columns_that_it_returns(w, larder):
    catalog, schema = larder.split(".")
    function = next(found for found in w.functions.list(catalog, schema) if found.name == "of_day")
    columns = [(p.name, p.type_text) for p in function.return_params.parameters]
    assert columns == [("id", "bigint"), ("price", "decimal(10,2)")]
    assert function.data_type == ColumnTypeName.TABLE_TYPE
    assert function.routine_definition == f"SELECT id, price FROM {larder}.jars WHERE day = d"


def test_a_function_can_be_given_to_another(w, larder, cook):
    assert w.functions.update(f"{larder}.twice", owner=cook).owner == cook
    assert w.functions.get(f"{larder}.twice").owner == cook
