"""Codes with which programs of a signed-in user get a token: OAuth's authorization code with PKCE (RFC 7636)."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from local_workspace.runtime import signatures

CODE_SECONDS = 60
_MOST_CODES = 1000  # that wait; with one more the oldest ends


@dataclass(frozen=True)
class Authorization:
    """Whose tokens a code gets, for which client, and the challenge that its verifier answers.

    `scopes` limit the tokens unless there are none; `refreshes` says whether the code also gets a refresh token.
    """

    holder: str | None
    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    refreshes: bool


class Authorizations:
    """The codes that wait, safe for threads. `monotonic` is the clock, in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._codes: dict[str, tuple[float, Authorization]] = {}  # and when each expires

    def new_code(self, authorization: Authorization) -> str:
        """A code that works once, within `CODE_SECONDS`."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = self._monotonic() + CODE_SECONDS, authorization
            for oldest in list(self._codes)[:-_MOST_CODES]:
                del self._codes[oldest]
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> Authorization | None:
        """What `code` stands for; None if it is unknown, used or expired, or of another client, or not verified."""
        with self._lock:
            expires, found = self._codes.pop(code, (0, None))
        if found is None or self._monotonic() >= expires:
            return None
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        is_same_client = (client_id, redirect_uri) == (found.client_id, found.redirect_uri)
        return found if is_same_client and signatures.same(digest, found.challenge) else None
