"""Links that need no other credentials: they are signed, and end after a quarter of an hour.

Databricks hands out pre-signed URLs of its cloud storage in their place, valid for at most 15 minutes.
"""

import secrets
import time
from collections.abc import Callable

from local_workspace.runtime import signatures
from local_workspace.runtime.errors import ApiError

LIFE = 15 * 60  # seconds


class SignedLinks:
    """Makes links below the path `folder`, and recognizes them; another instance recognizes none of them.

    `now` gives seconds since 1970.
    """

    def __init__(self, folder: str, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now, self._key = folder, now, secrets.token_bytes(32)

    def make(self, path: str) -> tuple[str, int]:
        """A link to `path` in the folder, as an absolute path with its query, and its end in seconds since 1970."""
        expires = int(self._now()) + LIFE
        return f"{self._folder}/{path}?expires={expires}&signature={self._signature(path, expires)}", expires

    def check(self, path: str, expires: int, signature: str) -> None:
        """Raise ApiError 403 unless this is a link that was made here and has not ended."""
        if not signatures.same(self._signature(path, expires), signature):
            raise ApiError(403, "PERMISSION_DENIED", "The link's signature does not match its address.")
        if self._now() >= expires:
            raise ApiError(403, "PERMISSION_DENIED", "The link has expired: send the request again for another one.")

    def _signature(self, path: str, expires: int) -> str:
        return signatures.signature(self._key, f"{path} {expires}")
