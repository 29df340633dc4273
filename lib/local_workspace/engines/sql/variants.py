"""Values of VARIANT as JSON, as Spark's to_json writes them (org.apache.spark.types.variant.Variant.toJson).

pyspark's own text has only what Python's types hold: no date after 9999, 28 digits of a DECIMAL, a FLOAT with the
digits of a DOUBLE, and `inf`, which is no JSON.
"""

import base64
import json
import struct
from decimal import Context, Decimal
from typing import Any

from local_workspace.engines.sql.moments import date_text, moment_text
from local_workspace.engines.sql.numbers import double_text, float_text

_DIGITS = Context(prec=40)  # a DECIMAL has 38


def variant_text(value: bytes, metadata: bytes, place: int = 0) -> str:
    """The JSON text of the variant at a place in `value`, times in UTC."""
    from pyspark.sql.variant_utils import VariantUtils as Variants  # importable once there is a session

    basic, kind = Variants._get_type_info(value, place)
    if basic == Variants.OBJECT:
        fields: list[tuple[str, int]] = Variants._handle_object(value, metadata, place, list)
        return f"{{{','.join(f'{_quoted(name)}:{variant_text(value, metadata, at)}' for name, at in fields)}}}"
    if basic == Variants.ARRAY:
        elements: list[int] = Variants._handle_array(value, place, list)
        return f"[{','.join(variant_text(value, metadata, at) for at in elements)}]"
    if basic == Variants.SHORT_STR or kind == Variants.LONG_STR:
        return _quoted(Variants._get_string(value, place))
    return _scalar(Variants, kind, value, place)


def _scalar(variants: Any, kind: int, value: bytes, place: int) -> str:
    """The text of a variant that is neither nested nor a string; `variants` has the numbers of the kinds."""
    if kind == variants.NULL:
        return "null"
    if kind in (variants.TRUE, variants.FALSE):
        return json.dumps(kind == variants.TRUE)
    if kind == variants.BINARY:
        return f'"{base64.b64encode(variants._get_binary(value, place)).decode()}"'
    if kind == variants.DOUBLE:
        return _number(double_text(struct.unpack_from("<d", value, place + 1)[0]))
    if kind == variants.FLOAT:
        return _number(float_text(struct.unpack_from("<f", value, place + 1)[0]))
    sizes = {variants.INT1: 1, variants.INT2: 2, variants.INT4: 4, variants.INT8: 8, variants.DATE: 4}
    if kind == variants.DATE:
        return f'"{date_text(_integer(value, place + 1, sizes[kind]))}"'
    if kind in sizes:
        return str(_integer(value, place + 1, sizes[kind]))
    if kind in (variants.TIMESTAMP, variants.TIMESTAMP_NTZ):
        zone = "+00:00" if kind == variants.TIMESTAMP else ""
        return f'"{_moment(_integer(value, place + 1, 8))}{zone}"'
    size = {variants.DECIMAL4: 4, variants.DECIMAL8: 8, variants.DECIMAL16: 16}[kind]
    return f"{Decimal(_integer(value, place + 2, size)).scaleb(-value[place + 1], _DIGITS).normalize(_DIGITS):f}"


def _integer(value: bytes, place: int, size: int) -> int:
    return int.from_bytes(value[place : place + size], "little", signed=True)


def _moment(micros: int) -> str:
    """A time with as many digits after the second as it needs."""
    seconds, _, fraction = moment_text(micros).replace("T", " ").partition(".")
    return f"{seconds}.{fraction.rstrip('0')}".rstrip(".")


def _number(text: str) -> str:
    return text if text[-1].isdigit() else f'"{text}"'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
