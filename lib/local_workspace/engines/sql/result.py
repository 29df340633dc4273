"""What a statement gave, in the API's JSON_ARRAY format: every value is text or null."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructField


class Column(TypedDict):
    """A column; `position` counts from 0."""

    name: str
    position: int
    type_text: str
    type_name: str


class Columns(TypedDict):
    """The columns of a result."""

    column_count: int
    columns: list[Column]


class Chunk(TypedDict):
    """A part of the rows; a local workspace has one, which is the whole."""

    chunk_index: int
    row_offset: int
    row_count: int
    data_array: NotRequired[list[list[str | None]]]


class Manifest(TypedDict):
    """What is known of the rows besides their values."""

    format: str
    schema: Columns
    total_row_count: int
    total_chunk_count: int
    truncated: bool
    chunks: list[Chunk]


class Result(TypedDict):
    """The rows of a statement."""

    manifest: Manifest
    result: Chunk


def collect(frame: "DataFrame", limit: int) -> Result:
    """Up to `limit` rows of `frame`; `truncated` says whether there are more. Raises what Spark raises."""
    # Rows and types in one request: for `schema` and then `collect` Spark would look at all tables twice.
    table, schema = frame.limit(limit + 1)._to_table()  # type: ignore[operator]  # Spark 4.1 has it, its stubs don't
    kept = table.slice(0, limit)
    columns = [_column(field, position) for position, field in enumerate(schema)]
    values = (column.to_pylist(maps_as_pydicts="strict") for column in kept.columns)
    rows = [[_text(value) for value in row] for row in zip(*values, strict=True)]
    chunk: Chunk = {"chunk_index": 0, "row_offset": 0, "row_count": kept.num_rows}
    manifest: Manifest = {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_row_count": kept.num_rows,
        "total_chunk_count": 1,
        "truncated": table.num_rows > limit,
        "chunks": [chunk],
    }
    return {"manifest": manifest, "result": {**chunk, "data_array": rows}}


def _column(field: "StructField", position: int) -> Column:
    return {
        "name": field.name,
        "position": position,
        "type_text": field.dataType.simpleString().upper(),
        "type_name": field.dataType.typeName().upper().split("(")[0].replace("INTEGER", "INT"),
    }


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return str(value)
