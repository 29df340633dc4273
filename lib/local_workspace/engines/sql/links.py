"""Links to a result's chunks that need no other credentials: they are signed, and end after a quarter of an hour.

Databricks' external links are pre-signed URLs of its cloud storage, valid for at most 15 minutes.
"""

import secrets
import time
from collections.abc import Callable

from local_workspace.runtime import signatures
from local_workspace.runtime.errors import ApiError

PATH = "/sql-results"
LIFE = 15 * 60  # seconds


class Links:
    """Makes links, and recognizes them. `now` gives seconds since 1970. Another instance recognizes none of them."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now, self._key = now, secrets.token_bytes(32)

    def make(self, statement_id: str, chunk: int) -> tuple[str, int]:
        """A link as an absolute path with its query, and when it ends, in seconds since 1970."""
        expires = int(self._now()) + LIFE
        signature = self._signature(statement_id, chunk, expires)
        return f"{PATH}/{statement_id}/{chunk}?expires={expires}&signature={signature}", expires

    def check(self, statement_id: str, chunk: int, expires: int, signature: str) -> None:
        """Raise ApiError 403 unless this is a link that was made here and has not ended."""
        wanted = self._signature(statement_id, chunk, expires)
        if not signatures.same(wanted, signature):
            raise ApiError(403, "PERMISSION_DENIED", "The link's signature does not match its address.")
        if self._now() >= expires:
            raise ApiError(403, "PERMISSION_DENIED", "The link has expired: request the chunk again for another one.")

    def _signature(self, statement_id: str, chunk: int, expires: int) -> str:
        return signatures.signature(self._key, f"{statement_id} {chunk} {expires}")
