"""Values on their way from Delta to Postgres: exact, or refused with row and column."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from local_workspace.engines.sync.values import RefusedValue, fingerprint, holds_replaced_text, plain, rows


def converted(values: list, kind: pa.DataType) -> list:
    table = plain(pa.table({"v": pa.array(values, kind)}))
    return [row[0] for row in rows(table, ["v"])]


def test_plain_values_stay_what_they_are():
    assert converted([1, None], pa.int64()) == [1, None]
    assert converted(["a", ""], pa.string_view()) == ["a", ""]
    assert converted([b"\x00\xff"], pa.binary_view()) == [b"\x00\xff"]
    assert converted([Decimal("12345678901234567890123456.7890123456")], pa.decimal128(38, 10)) == [
        Decimal("12345678901234567890123456.7890123456")
    ]


def test_dates_beyond_python_s_years_are_text_that_postgres_reads():
    days = pa.array([0, 2_932_897, -719_529, None], pa.int32()).cast(pa.date32())
    found = [row[0] for row in rows(pa.table({"v": days}), ["v"])]
    assert found == [date(1970, 1, 1), "10000-01-01", "0002-12-31 BC", None]


@pytest.mark.parametrize(("zone", "suffix"), [("UTC", "+00"), (None, "")])
def test_times_beyond_python_s_years(zone: str | None, suffix: str):
    moments = pa.array([253_402_300_800_000_000, -62_167_219_200_000_001], pa.int64()).cast(pa.timestamp("us", zone))
    found = [row[0] for row in rows(pa.table({"v": moments}), ["v"])]
    assert found == [f"10000-01-01 00:00:00.000000{suffix}", f"0002-12-31 23:59:59.999999{suffix} BC"]


def test_times_keep_their_microseconds():
    moment = datetime(1700, 1, 1, 0, 0, 0, 123456, UTC)
    assert converted([moment], pa.timestamp("us", "UTC")) == [moment]


def test_nested_values_are_json():
    kind = pa.struct([("b", pa.binary()), ("d", pa.decimal128(38, 2)), ("t", pa.timestamp("us", "UTC"))])
    value = {"b": b"\x00\xff", "d": Decimal("1.10"), "t": datetime(2024, 1, 1, tzinfo=UTC)}
    assert converted([value, None], kind) == ['{"b":"AP8=","d":1.10,"t":"2024-01-01T00:00:00Z"}', None]
    assert converted([[1.0, float("nan"), None, float("-inf")], []], pa.list_(pa.float64())) == [
        '[1.0,"NaN",null,"-Infinity"]',
        "[]",
    ]
    kind = pa.map_(pa.int32(), pa.list_(pa.string_view()))
    assert converted([[(1, ["a"]), (2, None)], [], None], kind) == ['{"1":["a"],"2":null}', "{}", None]


def test_a_slice_of_nested_values_is_that_slice():
    column = pa.array([[(1, "a")], [(2, "b"), (3, "c")], []], pa.map_(pa.int32(), pa.string()))
    assert rows(pa.table({"v": column.slice(1, 1)}), ["v"]) == [('{"2":"b","3":"c"}',)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["ok", "a\0b"], pa.string()), ([["ok"], ["a\0b"]], pa.list_(pa.string()))],
)
def test_a_character_that_postgres_cannot_store_is_refused_with_its_row(values: list, kind: pa.DataType):
    with pytest.raises(RefusedValue, match="U\\+0000") as refused:
        converted(values, kind)
    assert (refused.value.row, refused.value.column) == (1, "v")


def test_a_backslash_before_u0000_is_no_such_character():
    assert converted([["a\\u0000"]], pa.list_(pa.string())) == ['["a\\\\u0000"]']


def test_equal_rows_have_equal_fingerprints():
    table = pa.table({"a": [float("nan"), float("nan"), 1.0], "b": [["x"], ["x"], ["x"]]})
    assert fingerprint(table) == fingerprint(table.slice(1)) != fingerprint(table.slice(2))


def test_text_that_is_not_utf_8_is_found_at_any_depth():
    buffers = [None, *map(pa.py_buffer, (b"\0\0\0\0\1\0\0\0\3\0\0\0", b"aa\xff"))]
    texts = pa.Array.from_buffers(pa.string(), 2, buffers)
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), texts)
    for column in (texts, lists, pa.StructArray.from_arrays([lists], ["inner"])):
        with pytest.raises(RefusedValue, match="is not UTF-8") as refused:
            rows(pa.table({"v": column}), ["v"])
        assert (refused.value.row, refused.value.column) == (1, "v")


def test_text_that_may_stand_for_other_text_is_found_wherever_it_is():
    found = pa.array(["a\ufffd"])
    for column in (
        found,
        pa.array([["a"], ["\ufffd"]]),
        pa.array([{"x": {"y": "\ufffd"}}]),
        pa.array([[("\ufffd", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array([[(1, ["\ufffd"])]], pa.map_(pa.int64(), pa.list_(pa.string()))),
    ):
        assert holds_replaced_text(pa.table({"v": column}))
    others = {"t": pa.array(["ab", None]), "n": pa.array([1, 2]), "l": pa.array([["x"], None])}
    assert not holds_replaced_text(pa.table(others))
    assert not holds_replaced_text(pa.table({"v": found.slice(1)}))
