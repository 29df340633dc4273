"""What a statement gave, in the API's JSON_ARRAY format: every value is text or null."""

from typing import TYPE_CHECKING, NotRequired, TypedDict

from local_workspace.engines.sql.columns import Columns, columns
from local_workspace.engines.sql.months import with_months_as_integers
from local_workspace.engines.sql.text import texts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    kept = with_months_as_integers(table.slice(0, limit))
    values = (texts(column, field.dataType) for column, field in zip(kept.columns, schema.fields, strict=True))
    rows = [list(row) for row in zip(*values, strict=True)]
    chunk: Chunk = {"chunk_index": 0, "row_offset": 0, "row_count": kept.num_rows}
    manifest: Manifest = {
        "format": "JSON_ARRAY",
        "schema": columns(schema),
        "total_row_count": kept.num_rows,
        "total_chunk_count": 1,
        "truncated": table.num_rows > limit,
        "chunks": [chunk],
    }
    return {"manifest": manifest, "result": {**chunk, "data_array": rows}}
