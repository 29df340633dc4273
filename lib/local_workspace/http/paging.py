"""Listings a page at a time, with page tokens that only this workspace can make."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request

from local_workspace.runtime import signatures
from local_workspace.runtime.errors import invalid

PageToken = Annotated[str, Query(max_length=200, description="`next_page_token` of the page before")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
Size = Annotated[int | None, Query(ge=0, description="entries a page; 0 leaves the number to the workspace")]
LONGEST_PAGE = 1000


@dataclass(frozen=True)
class Page:
    """The page of a listing that `request` asks for: up to `size` entries, all of them if that is None."""

    request: Request
    size: int | None
    token: str

    def of(self, key: str, items: Sequence[object]) -> Mapping[str, object]:
        """The page of `items` under `key`, and the token of the next page if there is one. Raises 400 for the token."""
        size = len(items) if self.size is None else self.size or LONGEST_PAGE
        shown, following = page(self.request, items, max(1, min(size, LONGEST_PAGE)), self.token)
        return {key: shown, **({"next_page_token": following} if following else {})}


def by_max_results(request: Request, max_results: Size = None, page_token: PageToken = "") -> Page:
    """For routes whose clients ask for `max_results` entries: the page they ask for."""
    return Page(request, max_results, page_token)


def by_page_size(request: Request, page_size: Size = None, page_token: PageToken = "") -> Page:
    """For routes whose clients ask for `page_size` entries: the page they ask for."""
    return Page(request, page_size, page_token)


def page[T](
    request: Request, items: Sequence[T], size: int, token: str, offset: int = 0
) -> tuple[Sequence[T], str | None]:
    """A page of up to `size` (at least 1) of `items`, and the token of the next one, None if it is the last.

    It begins at the offset in `token`, or at `offset` if that is empty. A token is valid for the path that issued it,
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
        if signatures.same(signature, _signature(request, int(offset))):
            return int(offset)
    except ValueError:
        pass  # refused like a wrong signature
    raise invalid(f"page_token: {token!r} is not a token of this listing; start again without one.")


def _signature(request: Request, offset: int) -> str:
    key, text = request.app.state.token, f"page {request.url.path} {offset}"
    return signatures.signature(key, text)[:24]
