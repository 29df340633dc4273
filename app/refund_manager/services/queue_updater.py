"""In the background the queue follows the synced table, and gets from the lakehouse what only the lakehouse knows."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from refund_manager.domain.errors import LakehouseUnavailable, Unavailable
from refund_manager.postgres import queue_updates as following
from refund_manager.postgres.database import WAIT_SECONDS, Database, Row
from refund_manager.services.lakehouse import Lakehouse

PAUSE_SECONDS = 1
UNMARKED_SECONDS = 300  # look without a sign of a change: statistics may be lost
LOOK_SECONDS = 15
FACTS_AT_ONCE = 15_000
LONGEST_PAUSE = 300

log = logging.getLogger("uvicorn.error")


class QueueUpdater:
    """Two threads: one for the synced table, one for the lakehouse, which may take its time or be away.

    `look()` is called now and then: it asks the platform for what may have changed around the app.
    """

    def __init__(self, database: Database, lakehouse: Lakehouse, look: Callable[[], None] = lambda: None) -> None:
        self._database, self._lakehouse, self._look = database, lakehouse, look
        self._mark: Row | None = None
        self._looked = 0.0
        self._facts_limit, self._facts_pause, self._facts_from = FACTS_AT_ONCE, LOOK_SECONDS, 0.0
        self._settled, self._ended, self._news = threading.Event(), threading.Event(), threading.Event()
        self._trouble: str | None = None
        self._said: str | None = None
        self.refreshed_at: datetime | None = None
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._follow, self._complete)
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; one that waits for a lakehouse without an answer is left behind."""
        self._ended.set()
        self._news.set()
        for thread in self._threads:
            thread.join(5)

    def await_first(self) -> None:
        """Return once the queue has been filled since the start. Raises Unavailable if that takes too long."""
        if self.refreshed_at is None and not (self._settled.wait(WAIT_SECONDS) and self.refreshed_at):
            raise Unavailable(self._trouble or "The recommendations are being read for the first time.")

    def refresh(self) -> int:
        """Bring the queue up to date now; returns how many rows were added or rewritten. Raises Unavailable."""
        with self._database.connection() as connection:
            seen = following.mark(connection)
            changed = following.refresh(connection)
        self._mark, self._looked, self.refreshed_at = seen, time.monotonic(), datetime.now(UTC)
        return changed

    def complete(self) -> bool:
        """Get the facts of some orders that lack them; False if none does."""
        with self._database.connection() as connection:
            period = following.lacking_facts(connection, self._facts_limit)
        if period is None:
            return False
        facts, cities = self._lakehouse.facts(*period), self._lakehouse.cities()
        with self._database.connection() as connection:
            following.add_facts(connection, facts, period)
        with self._database.connection() as connection:
            following.set_cities(connection, [(name, p75, p99) for _, name, p75, p99 in cities])
        return True

    def _follow(self) -> None:
        while not self._ended.is_set():
            try:
                if self._due():
                    self.refresh()
                    self._news.set()
                self._trouble = None
            except Unavailable as error:
                self._trouble = str(error)
            except Exception:  # whatever it is, the queue follows again at the next turn
                log.exception("The queue could not follow the synced table")
                self._trouble = "The recommendations can't be read right now."
            self._settled.set()
            self._ended.wait(PAUSE_SECONDS)

    def _due(self) -> bool:
        if self.refreshed_at is None or time.monotonic() - self._looked > UNMARKED_SECONDS:
            return True
        with self._database.connection() as connection:
            return following.mark(connection) != self._mark

    def _complete(self) -> None:
        while not self._ended.is_set():
            self._look_around()
            while not self._ended.is_set() and self._complete_once():
                pass
            self._news.wait(LOOK_SECONDS)
            self._news.clear()

    def _complete_once(self) -> bool:
        """Whether there may be more to do at once. After a failure portions shrink and pauses grow."""
        if self.refreshed_at is None or time.monotonic() < self._facts_from:
            return False
        try:
            more = self.complete()
        except Exception as error:
            known = isinstance(error, LakehouseUnavailable | Unavailable)
            log.warning("The facts of new orders can't be read: %s", error, exc_info=not known)
            self._facts_limit = max(100, self._facts_limit // 2)
            self._facts_pause = min(LONGEST_PAUSE, self._facts_pause * 2)
            self._facts_from = time.monotonic() + self._facts_pause
            return False
        self._facts_limit, self._facts_pause = FACTS_AT_ONCE, LOOK_SECONDS
        return more

    def _look_around(self) -> None:
        try:
            self._look()
        except Exception as error:  # the app goes on without it
            if str(error) != self._said:
                log.warning("The platform doesn't say what is around the app: %s", error)
            self._said = str(error)
