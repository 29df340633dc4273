"""The parameters of a statement: text with the name of a type, as the API has them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from local_workspace.runtime.errors import invalid

_DECIMAL_DIGITS = 38  # the most that Spark's DECIMAL has


@dataclass(frozen=True)
class Parameter:
    """A value for `:name`: `value` as text, read as SQL `type`; None is NULL."""

    name: str
    value: str | None = None
    type: str = "STRING"

    def read(self) -> object:
        """The value as Python has it. Raises ApiError 400 if the text is none of its type."""
        if self.value is None:
            return None
        kind = self.type.upper().partition("(")[0]
        try:
            return _READERS.get(kind, str)(self.value)
        except (ValueError, ArithmeticError):
            raise invalid(f"Parameter '{self.name}': {self.value[:100]!r} is no {kind}") from None


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > _DECIMAL_DIGITS:
        raise ValueError(text)
    return value


def _boolean(text: str) -> bool:
    return text.lower() == "true"


_READERS: dict[str, Callable[[str], object]] = {
    "BIGINT": int,
    "INT": int,
    "LONG": int,
    "SMALLINT": int,
    "DOUBLE": float,
    "FLOAT": float,
    "DECIMAL": _decimal,
    "BOOLEAN": _boolean,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}
