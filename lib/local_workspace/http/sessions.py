"""Who has signed in with a browser: one-time codes, and the sessions that they become. All end with the service."""

import secrets
import threading
import time
from collections.abc import Callable

CODE_SECONDS = 10 * 60
_MOST_CODES = 1000  # that wait; with one more the oldest ends


class Sessions:
    """Codes and sessions of one workspace or one app, safe for threads. `monotonic` is the clock, in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._codes: dict[str, float] = {}  # and when each expires
        self._sessions: set[str] = set()

    def new_code(self) -> str:
        """A code that signs in once, within `CODE_SECONDS`."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = self._monotonic() + CODE_SECONDS
            for oldest in list(self._codes)[:-_MOST_CODES]:
                del self._codes[oldest]
        return code

    def redeem(self, code: str) -> str | None:
        """A new session for `code`; None if it is unknown, was used before, or has expired."""
        with self._lock:
            expires = self._codes.pop(code, None)
            if expires is None or self._monotonic() >= expires:
                return None
            session = secrets.token_urlsafe(24)
            self._sessions.add(session)
            return session

    def holds(self, session: str) -> bool:
        """Whether `session` is one that has not ended."""
        with self._lock:
            return session in self._sessions

    def end(self, session: str) -> None:
        """End `session`; nothing happens if it is unknown."""
        with self._lock:
            self._sessions.discard(session)
