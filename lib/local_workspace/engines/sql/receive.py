"""Receives a statement's rows from the Spark server, up to the limits of the request."""

import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from local_workspace.engines.sql.months import with_months_as_integers
from local_workspace.engines.sql.result import Limits, Output, Result
from local_workspace.runtime.errors import invalid

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

INLINE_BYTES = 25 << 20  # Databricks' limit of INLINE, which it counts in its own representation
_BYTES_IN_MEMORY = 1 << 20
_BYTES_OF_A_FILE = 64 << 20
_TOO_LARGE = (
    f"The result is larger than the {INLINE_BYTES >> 20} MiB of an INLINE answer: set disposition to EXTERNAL_LINKS, "
    "or ask for less with LIMIT, row_limit or byte_limit."
)


class _Rows:
    """Rows as they arrive. Many are in files, each of which is removed with the last reference to its rows."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[pa.Table] = []
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0

    def add(self, rows: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(with_months_as_integers(rows))
        self.size += rows.nbytes
        self._waiting_bytes += rows.nbytes
        if self._waiting_bytes > _BYTES_OF_A_FILE:
            self._store()

    def table(self) -> pa.Table:
        """All rows."""
        if self.size > _BYTES_IN_MEMORY and self._waiting:
            self._store()
        return pa.concat_tables([*self._parts, *self._waiting])

    def _store(self) -> None:
        self._parts.append(_on_disk(pa.concat_tables(self._waiting)))
        self._waiting, self._waiting_bytes = [], 0


def collect(frame: "DataFrame", limits: Limits, output: Output) -> Result:
    """The rows of `frame` up to the limits. Raises Spark's errors, and ApiError 400 for more than INLINE allows."""
    # One more row shows whether the result is truncated.
    wanted = frame if limits.rows is None else frame.limit(limits.rows + 1)
    table, schema, cut = _received(wanted, limits.bytes, output)
    if limits.rows is not None and table.num_rows > limits.rows:
        return Result(table.slice(0, limits.rows), schema, truncated=True, output=output)
    return Result(table, schema, cut, output)


def _received(frame: "DataFrame", most_bytes: int | None, output: Output) -> tuple[pa.Table, "StructType", bool]:
    """The rows, their types, and whether some were left out because of `most_bytes`."""
    rows = _Rows()
    schema: StructType | None = None
    for answer in _answers(frame):
        if not isinstance(answer, pa.Table):
            schema = answer
            continue
        rows.add(answer)
        if most_bytes is not None and rows.size > most_bytes:
            break
        if rows.size > INLINE_BYTES and not output.external:
            raise invalid(_TOO_LARGE)
    assert schema is not None, "the server sends the types first"
    table = rows.table()
    if most_bytes is None or rows.size <= most_bytes:
        return table, schema, False
    return table.slice(0, table.num_rows * most_bytes // rows.size), schema, True


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
