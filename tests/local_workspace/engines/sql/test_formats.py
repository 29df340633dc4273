"""Chunks as JSON, CSV and Arrow, from rows in Arrow."""

import json

import pyarrow as pa
import pytest
from pyspark.sql.types import LongType, StringType, StructField, StructType

from local_workspace.engines.sql.formats import encoded

SCHEMA = StructType([StructField("text", StringType()), StructField("a,b", LongType())])
ROWS = [["plain", 1], ['a "b", c\nd', None], [None, 2**40]]
TABLE = pa.table({"text": [row[0] for row in ROWS], "a,b": pa.array([row[1] for row in ROWS], pa.int64())})


def test_json_is_compact_and_every_value_is_text():
    content = encoded(TABLE, SCHEMA, "JSON_ARRAY", first=True)
    assert json.loads(content) == [["plain", "1"], ['a "b", c\nd', None], [None, "1099511627776"]]
    assert b'["plain","1"],[' in content


@pytest.mark.parametrize(("first", "header"), [(True, 'text,"a,b"\r\n'), (False, "")])
def test_csv_has_a_header_in_its_first_chunk_only(first, header):
    rows = 'plain,1\r\n"a ""b"", c\nd",null\r\nnull,1099511627776\r\n'
    assert encoded(TABLE, SCHEMA, "CSV", first).decode() == header + rows


@pytest.mark.parametrize("table", [TABLE, TABLE.slice(1, 1), TABLE.slice(0, 0)], ids=["all", "one", "none"])
def test_arrow_is_a_stream_of_the_same_rows(table):
    assert pa.ipc.open_stream(encoded(table, SCHEMA, "ARROW_STREAM", first=True)).read_all() == table
