"""Listings a page at a time, with page tokens that only this workspace can make."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request

from local_workspace.runtime.errors import invalid

PageToken = Annotated[str, Query(max_length=200, description="`next_page_token` of the page before")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]


def page[T](
    request: Request, items: Sequence[T], size: int, token: str, offset: int = 0
) -> tuple[Sequence[T], str | None]:
    """A page of up to `size` (at least 1) of `items`, and the token of the next one, None if it is the last.

    It begins where `token` says, or at `offset` if that is empty. A token is good for the path it was handed out at,
    also after a restart. Raises 400 for any other.
    """
    start = _offset(request, token) if token else offset
    end = start + size
    return items[start:end], _token(request, end) if end < len(items) else None


def _token(request: Request, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{offset} {_signature(request, offset)}".encode()).decode().rstrip("=")


def _offset(request: Request, token: str) -> int:
    try:
        offset, _, signature = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(" ")
        if hmac.compare_digest(signature, _signature(request, int(offset))):
            return int(offset)
    except (binascii.Error, ValueError, TypeError):
        pass  # refused like a wrong signature
    raise invalid(f"page_token: {token!r} was not handed out for this listing; begin again without one.")


def _signature(request: Request, offset: int) -> str:
    key, text = request.app.state.token, f"page {request.url.path} {offset}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]
