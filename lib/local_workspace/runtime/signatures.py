"""Signatures of texts that the workspace hands out and gets back: tokens, passwords, links."""

import hashlib
import hmac

_DIGITS = 13  # enough for the end of what never ends; Python refuses to read thousands


def signature(key: str | bytes, text: str) -> str:
    """The signature of `text`, in hexadecimal digits."""
    secret = key.encode() if isinstance(key, str) else key
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are equal; takes as long for any two."""
    return hmac.compare_digest(one.encode(), other.encode())


def seconds(text: str) -> int | None:
    """The number that a text of decimal digits is; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
