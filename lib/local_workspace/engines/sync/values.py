"""Values of a Delta table as Postgres takes them: each exactly, or refused with its row and column."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

type Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAYS = range(date.min.toordinal() - _EPOCH_DAY, date.max.toordinal() - _EPOCH_DAY + 1)
_SECOND = 1_000_000
_MICROSECONDS = range(_DAYS.start * 86_400 * _SECOND, _DAYS.stop * 86_400 * _SECOND)
_NUL = "\x00"
_REPLACED = "\ufffd"
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class RefusedValue(Exception):
    """Postgres can't store a value. `row` is its index in the table that was converted, `column` its name."""

    def __init__(self, row: int, column: str, why: str) -> None:
        super().__init__(why)
        self.row, self.column, self.why = row, column, why


def plain(table: pa.Table) -> pa.Table:
    """`table` with strings and bytes in Arrow's plain layout, which its functions take everywhere."""
    return table.cast(pa.schema([field.with_type(_plain_type(field.type)) for field in table.schema]))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if kind in (pa.string_view(), pa.large_string()):
        return pa.string()
    if kind in (pa.binary_view(), pa.large_binary()):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(
            kind.key_field.with_type(_plain_type(kind.key_type)), kind.item_field.with_type(_plain_type(kind.item_type))
        )
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(kind.value_field.with_type(_plain_type(kind.value_type)))
    return kind


def holds_replaced_text(table: pa.Table) -> bool:
    """Whether a string of a plain table, also inside a column, holds U+FFFD, which may stand for what is not UTF-8."""
    return any(_holds_replaced(chunk) for column in table.columns for chunk in column.chunks)


def _holds_replaced(array: pa.Array) -> bool:
    if pa.types.is_struct(array.type):
        return any(map(_holds_replaced, array.flatten()))
    if pa.types.is_map(array.type):
        return _holds_replaced(array.keys) or _holds_replaced(array.items)
    if pa.types.is_list(array.type):
        return _holds_replaced(array.flatten())
    if not pa.types.is_string(array.type):
        return False
    return bool(pc.any(pc.match_substring(array, _REPLACED)).as_py())


def rows(table: pa.Table, columns: Sequence[str]) -> list[Row]:
    """The rows of `table` as tuples for a COPY, in the order of `columns`.

    Strings, numbers, booleans, bytes and dates are Python's own; dates and times beyond Python's years are text that
    Postgres reads; arrays, maps and structs are JSON text. Raises RefusedValue.
    """
    return list(zip(*(_column(table, name) for name in columns), strict=True))


def fingerprint(table: pa.Table) -> tuple[str | None, ...]:
    """The values of a table's first row as text; equal for equal rows, NaN included."""
    return tuple(_json(table.column(index).slice(0, 1))[0] for index in range(table.num_columns))


def _column(table: pa.Table, name: str) -> list[Any]:
    array = _whole(table.column(name))
    kind = array.type
    _refuse_other_than_text(array, name)
    if pa.types.is_string(kind):
        _refuse_nul(array, name)
    if pa.types.is_date(kind):
        return [None if days is None else _date(days) for days in array.cast(pa.int32()).to_pylist()]
    if pa.types.is_timestamp(kind):
        moment = _moment if kind.tz else _local_moment
        return [None if at is None else moment(at) for at in _microseconds(array)]
    if pa.types.is_nested(kind):
        return _checked(_json(array), name)
    return list(array.to_pylist())


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one array."""
    if isinstance(column, pa.Array):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _refuse_other_than_text(array: pa.Array, name: str) -> None:
    """Spark's strings can hold any bytes."""
    if not _is_text(array):
        found = next(index for index in range(len(array)) if not _is_text(array.take(pa.array([index]))))
        raise RefusedValue(
            found,
            name,
            "it holds text that is not UTF-8, which Postgres can't store. Change it in the source: "
            + (
                f"UPDATE … SET {name} = make_valid_utf8({name})"
                if pa.types.is_string(array.type)
                else "make_valid_utf8 mends each text inside it"
            ),
        )


def _is_text(array: pa.Array) -> bool:
    """Whether all strings of an array, also inside it, are UTF-8."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _refuse_nul(array: pa.Array, name: str) -> None:
    found: int = pc.index(pc.fill_null(pc.match_substring(array, _NUL), False), True).as_py()
    if found >= 0:
        raise RefusedValue(found, name, _NUL_REFUSED.format(name))


_NUL_REFUSED = (
    "it holds the character U+0000 (NUL), which Postgres can't store. Remove it in the source: "
    "UPDATE … SET {0} = replace({0}, char(0), '')"
)


def _checked(texts: list[str | None], name: str) -> list[str | None]:
    for index, text in enumerate(texts):
        if text is not None and _NUL_IN_JSON.search(text):
            raise RefusedValue(index, name, _NUL_REFUSED.format(name))
    return texts


def _date(days: int) -> date | str:
    return date.fromordinal(days + _EPOCH_DAY) if days in _DAYS else _era(np.datetime64(days, "D"))


def _moment(at: int) -> datetime | str:
    return _EPOCH + timedelta(microseconds=at) if at in _MICROSECONDS else _era(np.datetime64(at, "us"), "+00")


def _local_moment(at: int) -> datetime | str:
    moment = _moment(at)
    return moment.replace(tzinfo=None) if isinstance(moment, datetime) else moment.replace("+00", "")


def _era(moment: np.datetime64, zone: str = "") -> str:
    """A date or time as Postgres reads it: years before 1 are counted backwards from 1 BC."""
    text = str(moment).replace("T", " ")
    year, rest = text[: text.index("-", 1)], text[text.index("-", 1) :]
    number = int(year)
    return f"{number:04d}{rest}{zone}" if number > 0 else f"{1 - number:04d}{rest}{zone} BC"


def _microseconds(array: pa.Array) -> list[int | None]:
    """A timestamp column as microseconds since 1970, whatever its unit."""
    return list(array.cast(pa.timestamp("us", array.type.tz)).cast(pa.int64()).to_pylist())


# JSON, column by column: the values never pass through Python objects that could round or overflow.


def _json(column: pa.Array) -> list[str | None]:
    """Each value as JSON text, None for a null. Numbers keep their digits; NaN and infinities are strings."""
    array = _whole(column)
    kind = array.type
    if pa.types.is_struct(kind):
        return _json_structs(array)
    if pa.types.is_map(kind):
        return _json_maps(array)
    if pa.types.is_list(kind):
        elements = _json(array.values)
        return [
            None if span is None else f"[{','.join(text or 'null' for text in elements[slice(*span)])}]"
            for span in _spans(array)
        ]
    write = _writer(kind)
    values = _leaves(array)
    return [None if value is None else write(value) for value in values]


def _json_structs(array: pa.StructArray) -> list[str | None]:
    names = [json.dumps(field.name, ensure_ascii=False) for field in array.type]
    fields = [_json(child) for child in array.flatten()]
    objects = (
        ",".join(f"{name}:{text or 'null'}" for name, text in zip(names, texts, strict=True))
        for texts in (zip(*fields, strict=True) if fields else [()] * len(array))
    )
    return [f"{{{text}}}" if valid else None for text, valid in zip(objects, array.is_valid().to_pylist(), strict=True)]


def _json_maps(array: pa.MapArray) -> list[str | None]:
    keys, values = [_key(text) for text in _json(array.keys)], _json(array.items)
    return [
        None if span is None else f"{{{','.join(f'{keys[at]}:{values[at] or "null"}' for at in range(*span))}}}"
        for span in _spans(array)
    ]


def _key(text: str | None) -> str:
    """A JSON value as the key of an object, which is always a string."""
    return text if text is not None and text.startswith('"') else json.dumps(text or "null", ensure_ascii=False)


def _spans(array: pa.Array) -> list[tuple[int, int] | None]:
    """Where each list's elements lie in the array's values; None for a null."""
    offsets = array.offsets.to_pylist()
    return [
        (start, end) if valid else None
        for start, end, valid in zip(offsets, offsets[1:], array.is_valid().to_pylist(), strict=False)
    ]


def _leaves(array: pa.Array) -> list[Any]:
    if pa.types.is_date(array.type):
        return list(array.cast(pa.int32()).to_pylist())
    return _microseconds(array) if pa.types.is_timestamp(array.type) else list(array.to_pylist())


def _writer(kind: pa.DataType) -> Callable[[Any], str]:
    if pa.types.is_floating(kind):
        return _json_float
    if pa.types.is_decimal(kind):
        return lambda value: f"{value:f}"
    if pa.types.is_binary(kind):
        return lambda value: f'"{base64.b64encode(value).decode()}"'
    if pa.types.is_date(kind):
        return lambda days: f'"{np.datetime64(days, "D")}"'
    if pa.types.is_timestamp(kind):
        return lambda at: f'"{_iso(at, "Z" if kind.tz else "")}"'
    return lambda value: json.dumps(value, ensure_ascii=False)


def _json_float(value: float) -> str:
    """As Spark's to_json writes it: what JSON has no number for is a string."""
    text = json.dumps(value)
    return text if np.isfinite(value) else f'"{text}"'


def _iso(at: int, zone: str) -> str:
    moment = np.datetime64(at, "us") if at % _SECOND else np.datetime64(at // _SECOND, "s")
    return f"{moment}{zone}"
