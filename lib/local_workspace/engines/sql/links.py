"""Links to a result's chunks: Databricks' external links."""

import time
from collections.abc import Callable

from local_workspace.runtime.signed_links import LIFE, SignedLinks

__all__ = ["LIFE", "PATH", "Links"]

PATH = "/sql-results"


class Links:
    """Makes links, and recognizes them. `now` gives seconds since 1970. Another instance recognizes none of them."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._links = SignedLinks(PATH, now)

    def make(self, statement_id: str, chunk: int) -> tuple[str, int]:
        """A link as an absolute path with its query, and when it ends, in seconds since 1970."""
        return self._links.make(f"{statement_id}/{chunk}")

    def check(self, statement_id: str, chunk: int, expires: int, signature: str) -> None:
        """Raise ApiError 403 unless this is a link that was made here and has not ended."""
        self._links.check(f"{statement_id}/{chunk}", expires, signature)
