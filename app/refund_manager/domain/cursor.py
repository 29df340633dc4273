"""A place in a list as a link carries it."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from refund_manager.domain.errors import BadField

Position = TypeVar("Position")


def pack(*parts: object) -> str:
    """One word for the parts of a place; no part may hold a space."""
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).decode()


def unpack(cursor: str, read: Callable[..., Position]) -> Position:
    """The place that `read` makes of the parts. Raises BadField if it can't."""
    try:
        return read(*base64.urlsafe_b64decode(cursor).decode().split(" "))
    except (binascii.Error, UnicodeDecodeError, ValueError, ArithmeticError, TypeError):
        raise BadField("cursor", "no page handed out this cursor") from None
