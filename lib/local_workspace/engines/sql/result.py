"""A statement's result in the API's JSON_ARRAY format: every value is text or null, and rows come in chunks."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pyarrow as pa

from local_workspace.engines.sql.columns import Columns, columns
from local_workspace.engines.sql.months import with_months_as_integers
from local_workspace.engines.sql.text import texts
from local_workspace.runtime.errors import invalid, not_found

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

INLINE_BYTES = 25 << 20  # Databricks' limit of INLINE, which it counts in its own representation
CHUNK_BYTES = 4 << 20
_BYTES_IN_MEMORY = 1 << 20
_TOO_LARGE = (
    f"The result is larger than the {INLINE_BYTES >> 20} MiB of an INLINE answer, and a local workspace has no "
    "EXTERNAL_LINKS: ask for less with LIMIT, row_limit or byte_limit, or read the rows with databricks-connect."
)


class Chunk(TypedDict):
    """A part of the rows."""

    chunk_index: int
    row_offset: int
    row_count: int


class ChunkData(Chunk):
    """A part of the rows with their values, and a link to the next part."""

    data_array: list[list[str | None]]
    next_chunk_index: NotRequired[int]
    next_chunk_internal_link: NotRequired[str]


class Manifest(TypedDict):
    """The result's metadata: columns, chunks and sizes."""

    format: str
    schema: Columns
    total_row_count: int
    total_chunk_count: int
    truncated: bool
    chunks: list[Chunk]


@dataclass(frozen=True)
class Limits:
    """The most rows and bytes of a result; None is no limit."""

    rows: int | None = None
    bytes: int | None = None


class Result:
    """The rows of a statement. A large result is in a file, which is removed with its last reference."""

    def __init__(self, table: pa.Table, schema: "StructType", truncated: bool) -> None:
        self._schema, self._truncated, self._rows = schema, truncated, table.num_rows
        per_chunk = max(1, self._rows * CHUNK_BYTES // max(CHUNK_BYTES, table.nbytes))
        self._starts = [*range(0, self._rows, per_chunk), self._rows] if self._rows else [0, 0]
        self._table = table if table.nbytes <= _BYTES_IN_MEMORY else _on_disk(table)

    def manifest(self) -> Manifest:
        """The result's columns, its size, and its chunks."""
        return {
            "format": "JSON_ARRAY",
            "schema": columns(self._schema),
            "total_row_count": self._rows,
            "total_chunk_count": len(self._starts) - 1,
            "truncated": self._truncated,
            "chunks": [self._place(index) for index in range(len(self._starts) - 1)],
        }

    def chunk(self, index: int, link: str) -> ChunkData:
        """A chunk; `link` is the address of chunks without their index. Raises ApiError 404."""
        last = len(self._starts) - 2
        if index > last:
            raise not_found(f"The result has no chunk {index}: its last one is {last}")
        place = self._place(index)
        part = self._table.slice(place["row_offset"], place["row_count"])
        values = (
            texts(column, field.dataType) for column, field in zip(part.columns, self._schema.fields, strict=True)
        )
        chunk: ChunkData = {
            "chunk_index": index,
            "row_offset": place["row_offset"],
            "row_count": place["row_count"],
            "data_array": [list(row) for row in zip(*values, strict=True)],
        }
        if index < last:
            chunk["next_chunk_index"] = index + 1
            chunk["next_chunk_internal_link"] = f"{link}/{index + 1}"
        return chunk

    def _place(self, index: int) -> Chunk:
        start, end = self._starts[index : index + 2]
        return {"chunk_index": index, "row_offset": start, "row_count": end - start}


def collect(frame: "DataFrame", limits: Limits) -> Result:
    """The rows of `frame` up to the limits. Raises Spark's errors, and ApiError 400 for more than INLINE allows."""
    # One more row shows whether the result is truncated.
    wanted = frame if limits.rows is None else frame.limit(limits.rows + 1)
    table, schema, cut = _received(wanted, limits.bytes)
    if limits.rows is not None and table.num_rows > limits.rows:
        return Result(table.slice(0, limits.rows), schema, truncated=True)
    return Result(table, schema, cut)


def _received(frame: "DataFrame", most_bytes: int | None) -> tuple[pa.Table, "StructType", bool]:
    """The rows, their types, and whether some were left out because of `most_bytes`."""
    parts: list[pa.Table] = []
    schema: StructType | None = None
    size = 0
    for answer in _answers(frame):
        if not isinstance(answer, pa.Table):
            schema = answer
            continue
        parts.append(answer)
        size += answer.nbytes
        if most_bytes is not None and size > most_bytes:
            break
        if size > INLINE_BYTES:
            raise invalid(_TOO_LARGE)
    assert schema is not None, "the server sends the types first"
    table = with_months_as_integers(pa.concat_tables(parts))
    if most_bytes is None or size <= most_bytes:
        return table, schema, False
    return table.slice(0, table.num_rows * most_bytes // size), schema, True


def _answers(frame: "DataFrame") -> Iterator["StructType | pa.Table"]:
    """The types of a frame's columns, then its rows, as the server sends them.

    Both come in one request: with `schema` and then `collect` Spark would analyze the query twice.
    """
    from pyspark.sql.connect.dataframe import DataFrame as Frame

    assert isinstance(frame, Frame)
    client = frame._session.client
    return client.to_table_as_iterator(frame._plan.to_proto(client), frame._plan.observations)


def _on_disk(table: pa.Table) -> pa.Table:
    """The same table in an unlinked file, which the system removes when nothing reads it."""
    with tempfile.NamedTemporaryFile(prefix="statement-") as file:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        file.flush()
        return pa.ipc.open_file(pa.memory_map(file.name)).read_all()
