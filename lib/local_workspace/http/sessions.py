"""Who has signed in with a browser: one-time codes, and the sessions that they become. All end with the service."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CODE_SECONDS = 10 * 60
WORKSPACE = ""
"""The place of a session that opens the workspace itself; that of an app is its name."""
_MOST_CODES = 1000  # that wait; with one more the oldest ends


@dataclass(frozen=True)
class Session:
    """What a code or session opens, the session that it ends with, if any, and whose it is.

    `holder` is a user as tokens name their holders: None for the workspace's own.
    """

    place: str
    parent: str | None
    holder: str | None


class Sessions:
    """Codes and sessions of a workspace and its apps, safe for threads. `monotonic` is the clock, in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._codes: dict[str, tuple[float, Session]] = {}  # and when each expires
        self._sessions: dict[str, Session] = {}

    def new_code(self, place: str = WORKSPACE, parent: str | None = None, holder: str | None = None) -> str:
        """A code that signs `holder` in to `place` once, within `CODE_SECONDS`.

        Its session ends with the session `parent`.
        """
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = self._monotonic() + CODE_SECONDS, Session(place, parent, holder)
            for oldest in list(self._codes)[:-_MOST_CODES]:
                del self._codes[oldest]
        return code

    def redeem(self, code: str, place: str = WORKSPACE) -> str | None:
        """A new session for `code`; None if it is unknown or of another place, was used before, or has expired."""
        with self._lock:
            expires, found = self._codes.pop(code, (0, None))
            if found is None or found.place != place or self._monotonic() >= expires:
                return None
            session = secrets.token_urlsafe(24)
            self._sessions[session] = found
            return session

    def find(self, session: str, place: str = WORKSPACE) -> Session | None:
        """The session of `place` whose key is `session`; None if there is none, or it has ended."""
        with self._lock:
            found = self._sessions.get(session)
            return found if found and found.place == place and found.parent in (None, *self._sessions) else None

    def end(self, session: str) -> None:
        """End `session` and those that end with it; nothing happens if it is unknown."""
        with self._lock:
            self._sessions = {
                each: found for each, found in self._sessions.items() if session not in (each, found.parent)
            }
