"""What the lists of refunds and complaints share: conditions from filters, sort orders, positions in a sorted list."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from pydantic import BaseModel

from refund_manager.domain.cursor import parse_number, parse_time

Conditions: TypeAlias = Mapping[str, str | Mapping[str | None, str | None]]
"""A condition for each filter, or one for each of its values; used only if set, so that each list gets its own plan."""


class Position(NamedTuple):
    """A row's position in a sorted list: its sort key as text, and its ID."""

    key: str
    row_id: str


class SortOrder(NamedTuple):
    """How a list is sorted: an expression, its SQL type, and its direction; the column `tie` breaks ties."""

    key: str
    kind: str
    direction: str
    tie: str

    @property
    def after(self) -> str:
        """The condition for rows that sort after the one with key `after_key` and ID `after_id`."""
        sign = "<" if self.direction == "DESC" else ">"
        return f"({self.key}, {self.tie}) {sign} (%(after_key)s::{self.kind}, %(after_id)s)"

    @property
    def by(self) -> str:
        """The ORDER BY list."""
        return f"{self.key} {self.direction}, {self.tie} {self.direction}"

    def parse(self, key: str, row_id: str) -> Position:
        """The position with this key. Raises ValueError or ArithmeticError for a key of the wrong type."""
        return Position(str(parse_time(key) if self.kind == "timestamptz" else parse_number(key)), row_id)


def where(conditions: Conditions, filters: BaseModel) -> str:
    """The SQL condition of the filters that are set; all values in it are parameters."""
    chosen = [_condition(condition, getattr(filters, name)) for name, condition in conditions.items()]
    return " AND ".join(condition for condition in chosen if condition) or "true"


def values(filters: BaseModel, after: Position | None) -> dict[str, object]:
    """The parameters of the filters and of the position `after`."""
    key, row_id = after or (None, None)
    return filters.model_dump() | {"after_key": key, "after_id": row_id}


def _condition(condition: str | Mapping[str | None, str | None], wanted: str | None) -> str | None:
    if isinstance(condition, str):
        return None if wanted is None else condition
    return condition[wanted]
