"""The dimensional tables, made by a real Spark from Parquet files."""

import polars as pl
import pytest

import caspers
from caspers.canonical.catalog import dimensions
from caspers.canonical.dimensions import create_statement, load_dimensions
from caspers.canonical.schema import DIMENSIONS, TABLES

pytestmark = pytest.mark.slow


def test_a_statement_names_every_column_of_the_contract():
    statement = create_statement("cat.simulator.items", "items", "/data")
    assert statement.startswith("CREATE OR REPLACE TABLE cat.simulator.items AS SELECT CAST(id AS INT) AS id, ")
    assert all(f" AS {name}" in statement for name in TABLES["items"])
    assert statement.endswith("FROM parquet.`/data/items.parquet`")


@pytest.fixture
def files(tmp_path):
    """The dimensions as another dataset may store them: ids as floats, a column too many."""
    for name, table in dimensions().items():
        whole = [column for column, kind in TABLES[name].items() if kind.is_integer()]
        stored = table.with_columns(pl.col(whole).cast(pl.Float64), extra=pl.lit("x"))
        stored.write_parquet(tmp_path / f"{name}.parquet")
    return str(tmp_path)


def test_tables_have_the_contract_s_columns_and_types_also_when_made_twice(connected, catalog, files):
    ws = caspers.connect(catalog)
    ws.sql(f"CREATE SCHEMA IF NOT EXISTS {catalog}.dimensions_test")
    expected = {name: table.height for name, table in dimensions().items()}
    assert load_dimensions(ws, "dimensions_test", files) == expected
    assert load_dimensions(ws, "dimensions_test", files) == expected
    row = ws.sql(f"SELECT * FROM {catalog}.dimensions_test.brand_locations ORDER BY brand_location_id LIMIT 1")[0]
    assert row == dimensions()["brand_locations"].row(0, named=True)
    assert set(expected) == set(DIMENSIONS)
    ws.sql(f"DROP SCHEMA {catalog}.dimensions_test CASCADE")
