"""Cursors: a position in a list, encoded for a link."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from refund_manager.domain.errors import BadField

Position = TypeVar("Position")


def pack(*parts: object) -> str:
    """Encode the parts of a position as one URL-safe string; no part may contain a space."""
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).decode()


def unpack(cursor: str, read: Callable[..., Position]) -> Position:
    """Decode a cursor and return what `read` makes of its parts. Raises BadField for an invalid cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor).decode()
        if "\0" in text:
            raise ValueError("Postgres text can't contain NUL")
        return read(*text.split(" "))
    except (binascii.Error, UnicodeDecodeError, ValueError, ArithmeticError, TypeError):
        raise BadField("cursor", "not a cursor of this list") from None


def of_sort(sort: str, read: Callable[[str, str], Position]) -> Callable[[str, str, str], Position]:
    """For `unpack`: reads a position of a list sorted by `sort`, and refuses one of another sort with ValueError."""

    def checked(sorted_by: str, key: str, row_id: str) -> Position:
        if sorted_by != sort:
            raise ValueError(f"a cursor of a list sorted by {sorted_by}")
        return read(key, row_id)

    return checked


def parse_time(text: str) -> datetime:
    """The time in UTC. Raises ValueError or ArithmeticError for an invalid time, or one that Postgres can't store."""
    return datetime.fromisoformat(text).astimezone(UTC)


def parse_number(text: str) -> Decimal:
    """The number, rounded to cents. Raises ValueError or ArithmeticError for an invalid or very large one."""
    number = Decimal(text).quantize(Decimal("0.01"))
    if not number.is_finite():
        raise ValueError(f"{text} is not a finite number")
    return number
