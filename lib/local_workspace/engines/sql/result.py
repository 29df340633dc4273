"""A statement's result: its rows come in chunks, inline as text or behind links in one of three formats."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict, final

import pyarrow as pa

from local_workspace.engines.sql.columns import Columns, columns
from local_workspace.engines.sql.formats import Format, TextRows, encoded, text_rows
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.timestamps import ms_to_iso

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

CHUNK_BYTES = 4 << 20
_LINKED_CHUNK_BYTES = 16 << 20

type MakeLink = Callable[[int], tuple[str, int]]
"""Makes the link to the chunk of that index, and says when it ends, in seconds since 1970."""


class Chunk(TypedDict):
    """A part of the rows; `byte_count`, of links only, is that of the rows in Arrow."""

    chunk_index: int
    row_offset: int
    row_count: int
    byte_count: NotRequired[int]


class _Next(Chunk):
    next_chunk_index: NotRequired[int]
    next_chunk_internal_link: NotRequired[str]


class ExternalLink(_Next):
    """A link to a part of the rows, and when it ends."""

    external_link: str
    expiration: str


@final
class ChunkData(_Next):
    """A part of the rows with their values, and a link to the next part."""

    data_array: TextRows


@final
class LinkedData(TypedDict):
    """A part of the rows as a link; there is always one."""

    external_links: list[ExternalLink]


class Manifest(TypedDict):
    """The result's metadata: columns, chunks and sizes."""

    format: Format
    schema: Columns
    total_row_count: int
    total_chunk_count: int
    total_byte_count: NotRequired[int]
    truncated: bool
    chunks: list[Chunk]


@dataclass(frozen=True)
class Limits:
    """The most rows and bytes of a result; None is no limit."""

    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Output:
    """How a result is returned: inline, which is JSON_ARRAY, or as `external` links in a format."""

    external: bool = False
    format: Format = "JSON_ARRAY"


class Result:
    """The rows of a statement with their Spark types."""

    def __init__(self, table: pa.Table, schema: "StructType", truncated: bool, output: Output) -> None:
        self.output = output
        self._table, self._schema, self._truncated, self._rows = table, schema, truncated, table.num_rows
        most = _LINKED_CHUNK_BYTES if output.external else CHUNK_BYTES
        per_chunk = max(1, self._rows * most // max(most, table.nbytes))
        self._starts = [*range(0, self._rows, per_chunk), self._rows] if self._rows else [0, 0]

    def manifest(self) -> Manifest:
        """The result's columns, its size, and its chunks."""
        manifest: Manifest = {
            "format": self.output.format,
            "schema": columns(self._schema),
            "total_row_count": self._rows,
            "total_chunk_count": len(self._starts) - 1,
            "truncated": self._truncated,
            "chunks": [self._place(index) for index in range(len(self._starts) - 1)],
        }
        if self.output.external:
            manifest["total_byte_count"] = sum(chunk["byte_count"] for chunk in manifest["chunks"])
        return manifest

    def chunk(self, index: int, internal: str, link: MakeLink) -> ChunkData | LinkedData:
        """A chunk; `internal` is the address of chunks without their index. Raises ApiError 404."""
        after = self._after(index, internal)
        if self.output.external:
            address, expires = link(index)
            return {"external_links": [{**after, "external_link": address, "expiration": ms_to_iso(expires * 1000)}]}
        return {**after, "data_array": text_rows(self._part(after), self._schema)}

    def rows(self, first: int, most: int) -> TextRows:
        """At most so many rows from the one of index `first` on, each value as text."""
        return text_rows(self._table.slice(min(first, self._rows), most), self._schema)

    def encoded(self, index: int) -> bytes:
        """A chunk in the result's format. Raises ApiError 404."""
        return encoded(self._part(self._after(index, "")), self._schema, self.output.format, first=index == 0)

    def _after(self, index: int, internal: str) -> _Next:
        """A chunk's place, and the address of the next one. Raises ApiError 404."""
        last = len(self._starts) - 2
        if index > last:
            raise not_found(f"The result has no chunk {index}: its last one is {last}")
        after = self._place(index)
        if index < last:
            after["next_chunk_index"] = index + 1
            after["next_chunk_internal_link"] = f"{internal}/{index + 1}"
        return after

    def _part(self, place: Chunk) -> pa.Table:
        return self._table.slice(place["row_offset"], place["row_count"])

    def _place(self, index: int) -> _Next:
        start, end = self._starts[index : index + 2]
        place: _Next = {"chunk_index": index, "row_offset": start, "row_count": end - start}
        if self.output.external:
            place["byte_count"] = self._part(place).nbytes
        return place
