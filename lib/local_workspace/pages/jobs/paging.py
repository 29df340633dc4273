"""Lists a page at a time, by the number of the page in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

PageNumber = Annotated[int, Query(ge=1, le=10_000)]


@dataclass(frozen=True)
class Paged[Row]:
    """The rows of a page, its number from 1, and whether another follows."""

    rows: Sequence[Row]
    number: int
    more: bool


def paged[Row](found: Sequence[Row], number: int, size: int) -> Paged[Row]:
    """The page of that number; `found` are its rows and, if there is one, the first of the next page."""
    return Paged(found[:size], number, len(found) > size)
