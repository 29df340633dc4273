"""Texts of values whose Arrow types can be made without Spark; test_types.py compares with Spark itself."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import types

from local_workspace.engines.sql.moments import calendar_text, date_text, moment_text
from local_workspace.engines.sql.text import texts

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "1970-01-01"),
        (-719162, "0001-01-01"),
        (-719163, "0000-12-31"),
        (2932896, "9999-12-31"),
        (2932897, "+10000-01-01"),
        (-734868, "-0042-01-01"),
    ],
)
def test_years_have_four_digits_or_a_sign(days, text):
    assert date_text(days) == text


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00.000"),
        (-1, "1969-12-31T23:59:59.999999"),
        (123_000, "1970-01-01T00:00:00.123"),
        (123_456, "1970-01-01T00:00:00.123456"),
        (DAY * 2932897 + 1_000_000, "+10000-01-01T00:00:01.000"),
    ],
)
def test_no_digit_of_a_time_is_lost(micros, text):
    assert moment_text(micros) == text


def test_calendar_intervals():
    assert calendar_text(14, 25, 18_367_500_000) == "1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds"
    assert calendar_text(0, 0, 0) == "0 seconds"
    assert calendar_text(-14, -3, -1_500_000) == "-1 years -2 months -3 days -1.5 seconds"


def column(*values: object, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def test_simple_values():
    assert texts(column(True, False, None, kind=pa.bool_()), types.BooleanType()) == ["true", "false", None]
    assert texts(column(b"\x00\xff", b"", kind=pa.binary()), types.BinaryType()) == ["AP8=", ""]
    tiny = column(Decimal("0.0000001"), Decimal("-12.5"), kind=pa.decimal128(38, 7))
    assert texts(tiny, types.DecimalType(38, 7)) == ["0.0000001", "-12.5000000"]
    assert texts(column(np.float32(1.1), np.float32(1e16), kind=pa.float32()), types.FloatType()) == ["1.1", "1.0E16"]
    assert texts(column(0, kind=pa.timestamp("us")), types.TimestampNTZType()) == ["1970-01-01T00:00:00.000"]
    assert texts(column(0, kind=pa.timestamp("us", "UTC")), types.TimestampType()) == ["1970-01-01T00:00:00.000Z"]


NESTED = pa.struct(
    [
        ("b", pa.binary()),
        ("d", pa.decimal128(4, 2)),
        ("f", pa.list_(pa.float64())),
        ('q"', pa.map_(pa.int32(), pa.timestamp("us", "UTC"))),
    ]
)
NESTED_TYPE = types.StructType(
    [
        types.StructField("b", types.BinaryType()),
        types.StructField("d", types.DecimalType(4, 2)),
        types.StructField("f", types.ArrayType(types.DoubleType())),
        types.StructField('q"', types.MapType(types.IntegerType(), types.TimestampType())),
    ]
)


def test_nested_values_are_json_with_all_their_digits():
    value = {"b": b"\x00\xff", "d": Decimal("1.10"), "f": [float("nan"), 1e16, None], 'q"': [(1, 0)]}
    rows = texts(pa.chunked_array([pa.array([value, None, {}], NESTED), pa.array([], NESTED)]), NESTED_TYPE)
    assert rows == [
        '{"b":"AP8=","d":1.10,"f":["NaN",1.0E16,null],"q\\"":{"1":"1970-01-01T00:00:00.000Z"}}',
        None,
        '{"b":null,"d":null,"f":null,"q\\"":null}',
    ]


def test_a_part_of_a_column_keeps_its_own_values():
    values = pa.array([["a"], ["b", 'c"'], None, []], pa.list_(pa.string()))
    part = pa.chunked_array([values.slice(1)])
    assert texts(part, types.ArrayType(types.StringType())) == ['["b","c\\""]', None, "[]"]
    pairs = pa.array([{"n": 1}, {"n": 2}], pa.struct([("n", pa.int32())])).slice(1)
    kind = types.StructType([types.StructField("n", types.IntegerType())])
    assert texts(pa.chunked_array([pairs]), kind) == ['{"n":2}']
