"""Values as the text that the API returns: as CAST writes simple ones, and JSON for nested ones."""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from local_workspace.engines.sql.moments import calendar_text, date_text, day_time_text, moment_text, year_month_text
from local_workspace.engines.sql.numbers import double_text, float_text
from local_workspace.engines.sql.variants import variant_text

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

type Texts = list[str | None]


def texts(column: pa.ChunkedArray, kind: "DataType") -> Texts:
    """The text of each value of a column of the Spark type `kind`; None is NULL."""
    return [text for part in column.chunks for text in _texts(part, kind)]


def _texts(values: pa.Array, kind: "DataType") -> Texts:
    from pyspark.sql import types

    match kind:
        case types.ArrayType():
            return _lists(values, kind.elementType)
        case types.MapType():
            return _maps(values, kind.keyType, kind.valueType)
        case types.StructType():
            return _structs(values, [(field.name, field.dataType) for field in kind.fields])
        case types.VariantType():
            return _each(values.to_pylist(), lambda each: variant_text(each["value"], each["metadata"]))
        case types.YearMonthIntervalType():
            return _each(values.to_pylist(), lambda each: year_month_text(each, kind.startField, kind.endField))
        case types.DayTimeIntervalType():
            micros = values.cast(pa.int64()).to_pylist()
            return _each(micros, lambda each: day_time_text(each, kind.startField, kind.endField))
    return _simple(values)


def _simple(values: pa.Array) -> Texts:
    """The texts of values whose Arrow type suffices, without Spark's type."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        zone = "Z" if kind.tz else ""
        return _each(
            values.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).to_pylist(), lambda each: moment_text(each) + zone
        )
    if pa.types.is_date(kind):
        return _each(values.cast(pa.int32()).to_pylist(), date_text)
    if kind == pa.month_day_nano_interval():
        return _each(values.to_pylist(), lambda each: calendar_text(each.months, each.days, each.nanoseconds // 1000))
    return _each(values.to_pylist(), _WRITERS.get(kind.id, str))


def _each[T](values: Iterable[T | None], text: Callable[[T], str]) -> Texts:
    return [None if value is None else text(value) for value in values]


def _lists(values: pa.Array, element: "DataType") -> Texts:
    inner = _json(values.values, element)
    return _spans(values, lambda start, end: f"[{','.join(inner[start:end])}]")


def _maps(values: pa.Array, key: "DataType", value: "DataType") -> Texts:
    names = [json.dumps(text, ensure_ascii=False) for text in _texts(values.keys, key)]
    inner = _json(values.items, value)
    pairs = [f"{name}:{text}" for name, text in zip(names, inner, strict=True)]
    return _spans(values, lambda start, end: f"{{{','.join(pairs[start:end])}}}")


def _spans(values: pa.Array, text: Callable[[int, int], str]) -> Texts:
    spans = pairwise(values.offsets.to_pylist())
    valid = values.is_valid().to_pylist()
    return [text(*span) if known else None for span, known in zip(spans, valid, strict=True)]


def _structs(values: pa.Array, fields: Sequence[tuple[str, "DataType"]]) -> Texts:
    names = [json.dumps(name, ensure_ascii=False) for name, _ in fields]
    columns = [_json(values.field(place), kind) for place, (_, kind) in enumerate(fields)]
    rows = zip(*columns, strict=True) if columns else ((),) * len(values)
    valid = values.is_valid().to_pylist()
    return [
        f"{{{','.join(f'{name}:{text}' for name, text in zip(names, row, strict=True))}}}" if known else None
        for row, known in zip(rows, valid, strict=True)
    ]


def _json(values: pa.Array, kind: "DataType") -> list[str]:
    """Each value as JSON: numbers with all their digits, NaN and the infinities as strings."""
    from pyspark.sql import types

    found = _texts(values, kind)
    nested = (types.BooleanType, types.ArrayType, types.MapType, types.StructType, types.VariantType)
    if isinstance(kind, types.FractionalType) and not isinstance(kind, types.DecimalType):
        return ["null" if text is None else text if text[-1].isdigit() else f'"{text}"' for text in found]
    if isinstance(kind, (*nested, types.NumericType)):
        return ["null" if text is None else text for text in found]
    return [json.dumps(text, ensure_ascii=False) for text in found]


_WRITERS: dict[int, Callable[..., str]] = {
    pa.bool_().id: lambda value: "true" if value else "false",
    pa.float64().id: double_text,
    pa.float32().id: float_text,
    pa.decimal128(1).id: lambda value: f"{value:f}",
    pa.binary().id: lambda value: base64.b64encode(value).decode(),
}
