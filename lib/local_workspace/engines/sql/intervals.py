"""Values of interval types: https://docs.databricks.com/aws/en/sql/language-manual/data-types/interval-type."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

_TYPE = re.compile(r"INTERVAL\s+(\w+?)S?(?:\s+TO\s+(\w+?)S?)?", re.IGNORECASE)
_DAYS = ("DAY", "HOUR", "MINUTE", "SECOND")
_FAMILIES = (("YEAR", "MONTH"), _DAYS)
_SEPARATORS = {("YEAR", "MONTH"): "-", ("DAY", "HOUR"): " ", ("HOUR", "MINUTE"): ":", ("MINUTE", "SECOND"): ":"}
_NUMBERS = {"SECOND": r"\d{1,13}(?:\.\d{1,9})?"}
_WHOLE = r"\d{1,10}"
_MOST = {"MONTH": 11, "HOUR": 23, "MINUTE": 59, "SECOND": 59}  # behind another field


@dataclass(frozen=True)
class Interval:
    """An interval type: its fields, such as DAY, HOUR and MINUTE."""

    fields: tuple[str, ...]

    @classmethod
    def of(cls, type_name: str) -> "Interval":
        """The type of that name, such as INTERVAL DAY TO MINUTE. Raises ValueError for another text."""
        found = _TYPE.fullmatch(type_name.strip())
        first, last = (found[1].upper(), (found[2] or found[1]).upper()) if found else ("", "")
        for family in _FAMILIES:
            if first in family and last in family and family.index(first) <= family.index(last):
                return cls(family[family.index(first) : family.index(last) + 1])
        raise ValueError(type_name)

    @property
    def name(self) -> str:
        """The type in SQL, without the word INTERVAL."""
        return self.fields[0] if len(self.fields) == 1 else f"{self.fields[0]} TO {self.fields[-1]}"

    def literal(self, text: str) -> str:
        """The SQL literal for a text such as `1 12:30`, or for a literal of this type. Raises ValueError."""
        written = re.fullmatch(rf"INTERVAL\s+([+-]?)\s*'(.*)'\s+{self.name}", text.strip(), re.IGNORECASE)
        sign, value = (written[1], written[2]) if written else ("", text.strip())
        found = re.fullmatch(self._pattern(), value)
        if found is None or any(float(found[field]) > _MOST[field] for field in self.fields[1:]):
            raise ValueError(text)
        return f"INTERVAL {sign}'{value}' {self.name}"

    def null_type(self) -> "DataType":
        """The type in Spark of a NULL; none for years and months, for which Spark Connect's client has no literal."""
        from pyspark.sql import types

        if self.fields[0] not in _DAYS:
            return types.NullType()
        return types.DayTimeIntervalType(_DAYS.index(self.fields[0]), _DAYS.index(self.fields[-1]))

    def _pattern(self) -> str:
        pattern = "[+-]?" + _named(self.fields[0])
        for before, field in pairwise(self.fields):
            pattern += re.escape(_SEPARATORS[before, field]) + _named(field)
        return pattern


def _named(field: str) -> str:
    return f"(?P<{field}>{_NUMBERS.get(field, _WHOLE)})"
