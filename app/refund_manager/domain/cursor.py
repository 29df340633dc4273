"""Cursors: a position in a list, encoded for a link."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from refund_manager.domain.errors import BadField

Position = TypeVar("Position")


def pack(*parts: object) -> str:
    """Encode the parts of a position as one URL-safe string; no part may contain a space."""
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).decode()


def unpack(cursor: str, read: Callable[..., Position]) -> Position:
    """Decode a cursor and return what `read` makes of its parts. Raises BadField for an invalid cursor."""
    try:
        return read(*base64.urlsafe_b64decode(cursor).decode().split(" "))
    except (binascii.Error, UnicodeDecodeError, ValueError, ArithmeticError, TypeError):
        raise BadField("cursor", "not a cursor of this list") from None
