"""The formats of results: each makes a chunk's bytes from its Arrow rows and Spark's types.

They are those that `databricks.sdk.service.sql.Format` documents.
"""

import csv
import io
import json
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from local_workspace.engines.sql.text import texts

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

type Format = Literal["JSON_ARRAY", "ARROW_STREAM", "CSV"]
type TextRows = list[list[str | None]]

MEDIA_TYPES: dict[Format, str] = {
    "JSON_ARRAY": "application/json",
    "ARROW_STREAM": "application/vnd.apache.arrow.stream",
    "CSV": "text/csv; charset=utf-8",
}


def text_rows(table: pa.Table, schema: "StructType") -> TextRows:
    """The rows with each value as text; None is NULL."""
    columns = (texts(column, field.dataType) for column, field in zip(table.columns, schema.fields, strict=True))
    return [list(row) for row in zip(*columns, strict=True)]


def encoded(table: pa.Table, schema: "StructType", form: Format, first: bool) -> bytes:
    """The rows of a chunk in a format; only the `first` chunk of CSV has a line of column names."""
    match form:
        case "ARROW_STREAM":
            return _arrow(table)
        case "CSV":
            return _csv(text_rows(table, schema), schema.fieldNames() if first else None)
        case "JSON_ARRAY":
            return json.dumps(text_rows(table, schema), ensure_ascii=False, separators=(",", ":")).encode()


def _arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _csv(rows: TextRows, names: list[str] | None) -> bytes:
    """CSV by RFC 4180, with `null` for NULL."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if names is not None:
        writer.writerow(names)
    writer.writerows(["null" if value is None else value for value in row] for row in rows)
    return text.getvalue().encode()
