"""The parameters of a statement: each a text with the name of its type, as in the API, read as CAST reads it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING

from local_workspace.engines.sql.intervals import Interval
from local_workspace.engines.sql.times import date_literal, local_literal, moment_literal
from local_workspace.runtime.errors import invalid

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

_DECIMAL = re.compile(r"(?:DECIMAL|DEC|NUMERIC)(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
_KIND = re.compile(r"[A-Z_]*")
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NO_NUMBER = re.compile(r"[+-]?(?:INF|INFINITY)|NAN", re.IGNORECASE)
_LITERALS = ("DATE", "INTERVAL", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ")
_BOOLEANS = {"true": True, "false": False}
_MAX_DIGITS = 38  # of Spark's DECIMAL


@dataclass(frozen=True)
class Parameter:
    """A value for `:name`: `value` as text, read as SQL `type`; None is NULL."""

    name: str
    value: str | None = None
    type: str = "STRING"

    def read(self) -> object:
        """The value as a Python object; a date, a time and an interval as a SQL literal.

        Raises ApiError 400 for an unsupported type or an invalid text.
        """
        kind = self._kind()
        readers = {**_READERS, "INTERVAL": self._interval().literal} if kind == "INTERVAL" else _READERS
        if kind not in readers:
            known = ", ".join(sorted([*_READERS, "INTERVAL"]))
            raise invalid(f"Parameter '{self.name}': the type {self.type[:100]!r} is not supported; use one of {known}")
        if self.value is None:
            return None
        try:
            value = readers[kind](self.value)
            return _rounded(value, *self._digits(value)) if isinstance(value, Decimal) else value
        except (ValueError, ArithmeticError):
            raise invalid(f"Parameter '{self.name}': {self.value[:100]!r} is not a valid {self.type.upper()}") from None

    def literal(self) -> "Column":
        """The value as a literal of its type for Spark's `sql`.

        A missing interval of years and months has no type: Spark Connect's client has no literal for it.
        """
        from pyspark.sql.connect.column import Column as Literal
        from pyspark.sql.connect.expressions import LiteralExpression
        from pyspark.sql.connect.functions import expr

        value = self.read()
        if value is not None and self._kind() in _LITERALS:
            return expr(str(value))
        return Literal(LiteralExpression(value, self._spark_type(value)))

    def _interval(self) -> Interval:
        try:
            return Interval.of(self.type)
        except ValueError:
            raise invalid(f"Parameter '{self.name}': the type {self.type[:100]!r} is not an interval type") from None

    def _kind(self) -> str:
        kind = _KIND.match(self.type.strip().upper())
        return kind[0] if kind else ""

    def _digits(self, value: Decimal) -> tuple[int, int]:
        """Precision and scale of a DECIMAL; those of `value` if the type names none."""
        found = _DECIMAL.fullmatch(self.type.strip().upper())
        own = _own_digits(value)
        precision, scale = (int(found[1] or own[0]), int(found[2] or (0 if found[1] else own[1]))) if found else (0, 0)
        if not scale <= precision <= _MAX_DIGITS or not precision:
            raise invalid(f"Parameter '{self.name}': {self.type[:100]!r} is not a decimal type with up to 38 digits")
        return precision, scale

    def _spark_type(self, value: object) -> "DataType":
        from pyspark.sql import types

        kind = self._kind()
        if kind == "INTERVAL":
            return self._interval().null_type()
        if kind in ("DECIMAL", "DEC", "NUMERIC"):
            return types.DecimalType(*self._digits(value if isinstance(value, Decimal) else Decimal(0)))
        by_name: dict[str, type[DataType]] = {
            "BINARY": types.BinaryType,
            "BOOLEAN": types.BooleanType,
            "DATE": types.DateType,
            "DOUBLE": types.DoubleType,
            "FLOAT": types.FloatType,
            "REAL": types.FloatType,
            "TIMESTAMP": types.TimestampType,
            "TIMESTAMP_LTZ": types.TimestampType,
            "TIMESTAMP_NTZ": types.TimestampNTZType,
            "VOID": types.NullType,
            **dict.fromkeys(("TINYINT", "BYTE"), types.ByteType),
            **dict.fromkeys(("SMALLINT", "SHORT"), types.ShortType),
            **dict.fromkeys(("INT", "INTEGER"), types.IntegerType),
            **dict.fromkeys(("BIGINT", "LONG"), types.LongType),
        }
        return by_name.get(kind, types.StringType)()


def check_names(parameters: Sequence[Parameter]) -> None:
    """Raise ApiError 400 if two parameters have one name.

    The message is that of https://docs.databricks.com/aws/en/error-messages/invalid-parameter-marker-value-error-class.
    """
    repeated = [name for name, count in Counter(each.name for each in parameters).items() if count > 1]
    if repeated:
        raise invalid(
            "[INVALID_PARAMETER_MARKER_VALUE.DUPLICATE_NAME] An invalid parameter mapping was provided: multiple "
            f"parameter mappings were given with the name '{repeated[0][:100]}'. SQLSTATE: 22023"
        )


def _integer(bits: int, text: str) -> int:
    value = int(_matching(_INTEGER, text))
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(text)
    return value


def _double(text: str) -> float:
    return float(text if _NO_NUMBER.fullmatch(text.strip()) else _matching(_NUMBER, text))


def _decimal(text: str) -> Decimal:
    return Decimal(_matching(_NUMBER, text))


def _matching(pattern: re.Pattern[str], text: str) -> str:
    """`text` without the spaces around it. Raises ValueError unless it is what SQL writes; Python reads more."""
    if not pattern.fullmatch(text.strip()):
        raise ValueError(text)
    return text.strip()


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.lower()]


def _own_digits(value: Decimal) -> tuple[int, int]:
    """The fewest digits, and the fewest after the point, that hold a decimal. Raises ValueError for more than 38."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > _MAX_DIGITS or len(digits) > _MAX_DIGITS:
        raise ValueError(value)
    scale = max(0, -exponent)
    return max(len(digits) + max(0, exponent), scale), scale


def _rounded(value: Decimal, precision: int, scale: int) -> Decimal:
    """A decimal with `scale` digits after the point, as CAST makes it. Raises ValueError if it doesn't fit."""
    if not value.is_finite() or value.adjusted() > _MAX_DIGITS:
        raise ValueError(value)
    with localcontext(prec=3 * _MAX_DIGITS, rounding=ROUND_HALF_UP):
        rounded = value.quantize(Decimal(1).scaleb(-scale))
    if rounded.copy_abs() >= Decimal(10) ** (precision - scale):
        raise ValueError(value)
    return rounded


def _nothing(text: str) -> None:
    raise ValueError(text)


_READERS: dict[str, Callable[[str], object]] = {
    "BINARY": str.encode,
    "BOOLEAN": _boolean,
    "DATE": date_literal,
    "DOUBLE": _double,
    "FLOAT": _double,
    "REAL": _double,
    "TIMESTAMP": moment_literal,
    "TIMESTAMP_LTZ": moment_literal,
    "TIMESTAMP_NTZ": local_literal,
    "VOID": _nothing,
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR"), str),
    **dict.fromkeys(("DECIMAL", "DEC", "NUMERIC"), _decimal),
    **dict.fromkeys(("TINYINT", "BYTE"), partial(_integer, 8)),
    **dict.fromkeys(("SMALLINT", "SHORT"), partial(_integer, 16)),
    **dict.fromkeys(("INT", "INTEGER"), partial(_integer, 32)),
    **dict.fromkeys(("BIGINT", "LONG"), partial(_integer, 64)),
}
