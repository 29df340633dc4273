"""Inserting rows into a table, each only once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook


def insert_missing(ws: "Workbook", table: str, key: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert, in one commit, those of `rows` whose column `key` has no equal in the table yet.

    Their values are in the order of the table's columns.
    """
    if rows:
        columns = ws.spark.table(ws.full_name(table)).schema
        ws.spark.createDataFrame(list(rows), columns).createOrReplaceTempView("new_rows")
        ws.spark.sql(f"""
            MERGE INTO {ws.full_name(table)} AS known USING new_rows AS new ON known.{key} = new.{key}
            WHEN NOT MATCHED THEN INSERT *""")
