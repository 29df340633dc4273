"""The six dimensional tables in the catalog, made from the dataset's files in a volume."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

from caspers.canonical.schema import DIMENSIONS, TABLES

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

AT_ONCE = 3
"""Tables made in parallel: making one is mostly waiting."""
SQL_TYPES: dict[pl.DataType, str] = {pl.Int32(): "INT", pl.Float64(): "DOUBLE", pl.String(): "STRING"}


def create_statement(target: str, table: str, directory: str) -> str:
    """SQL that makes the table `target` from `directory/table.parquet`, in the contract's columns and types.

    Repeating it replaces the table's content; readers see the old one or the new one, whole.
    """
    columns = ", ".join(f"CAST({name} AS {SQL_TYPES[kind]}) AS {name}" for name, kind in TABLES[table].items())
    return f"CREATE OR REPLACE TABLE {target} AS SELECT {columns} FROM parquet.`{directory}/{table}.parquet`"


def load_dimensions(ws: "Workbook", schema: str, directory: str) -> dict[str, int]:
    """Make all six tables in `schema` from the Parquet files in `directory`; returns their row counts by name."""
    targets = {table: ws.full_name(f"{schema}.{table}") for table in DIMENSIONS}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dimension") as pool:
        list(pool.map(lambda table: ws.sql(create_statement(targets[table], table, directory)), DIMENSIONS))
    counted = (f"SELECT '{table}' AS name, count(*) AS n FROM {target}" for table, target in targets.items())
    return {row["name"]: int(row["n"]) for row in ws.sql(" UNION ALL ".join(counted) + " ORDER BY name")}
