"""Keeps the queue up to date: it follows the synced table and adds the order facts that are read from the lakehouse."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from refund_manager.domain.errors import LakehouseUnavailable, Unavailable
from refund_manager.postgres import queue_updates
from refund_manager.postgres.database import WAIT_SECONDS, Database, Row
from refund_manager.services.lakehouse import Lakehouse

POLL_SECONDS = 1
FULL_REFRESH_SECONDS = 300  # refresh even without a sign of a change: Postgres may lose statistics
FACTS_POLL_SECONDS = 15
FACTS_BATCH = 15_000
MAX_BACKOFF_SECONDS = 300

log = logging.getLogger("uvicorn.error")


class QueueUpdater:
    """Runs two threads: one follows the synced table, the other reads the lakehouse, which may be slow or unavailable.

    `refresh_platform()` is called before each round of reading the lakehouse; its errors are logged.
    """

    def __init__(
        self, database: Database, lakehouse: Lakehouse, refresh_platform: Callable[[], None] = lambda: None
    ) -> None:
        self._database, self._lakehouse, self._refresh_platform = database, lakehouse, refresh_platform
        self._change_counters: Row | None = None
        self._last_refresh = 0.0
        self._batch, self._backoff, self._retry_at = FACTS_BATCH, FACTS_POLL_SECONDS, 0.0
        self._attempted, self._stopping, self._refreshed = threading.Event(), threading.Event(), threading.Event()
        self._error: str | None = None
        self._platform_error: str | None = None
        self.refreshed_at: datetime | None = None
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._follow_synced_table, self._follow_lakehouse)
        ]

    def start(self) -> None:
        """Start both threads; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop both threads. A thread that is still waiting for the lakehouse after 5 seconds is abandoned."""
        self._stopping.set()
        self._refreshed.set()
        for thread in self._threads:
            thread.join(5)

    def await_first(self) -> None:
        """Wait until the queue has been refreshed once. Raises Unavailable after WAIT_SECONDS."""
        if self.refreshed_at is None and not (self._attempted.wait(WAIT_SECONDS) and self.refreshed_at):
            raise Unavailable(self._error or "The suggestions are being loaded for the first time.")

    def _refresh(self) -> None:
        with self._database.connection() as connection:
            counters = queue_updates.change_counters(connection)
            queue_updates.refresh(connection)
        self._change_counters, self._last_refresh, self.refreshed_at = counters, time.monotonic(), datetime.now(UTC)

    def _add_missing_facts(self) -> bool:
        """Add the facts of up to one batch of orders that lack them; returns False if no order does."""
        with self._database.connection() as connection:
            period = queue_updates.period_without_facts(connection, self._batch)
        if period is None:
            return False
        facts, cities = self._lakehouse.facts(*period), self._lakehouse.cities()
        with self._database.connection() as connection:
            queue_updates.add_facts(connection, facts, period)
        with self._database.connection() as connection:
            queue_updates.set_cities(connection, [(name, p75, p99) for _, name, p75, p99 in cities])
        return True

    def _follow_synced_table(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._is_refresh_due():
                    self._refresh()
                    self._refreshed.set()
                self._error = None
            except Unavailable as error:
                self._error = str(error)
            except Exception:  # the thread must survive any error; it tries again after POLL_SECONDS
                log.exception("The queue could not be refreshed from the synced table")
                self._error = "The suggestions can't be read right now."
            self._attempted.set()
            self._stopping.wait(POLL_SECONDS)

    def _is_refresh_due(self) -> bool:
        if self.refreshed_at is None or time.monotonic() - self._last_refresh > FULL_REFRESH_SECONDS:
            return True
        with self._database.connection() as connection:
            return queue_updates.change_counters(connection) != self._change_counters

    def _follow_lakehouse(self) -> None:
        while not self._stopping.is_set():
            self._try_refresh_platform()
            while not self._stopping.is_set() and self._try_add_missing_facts():
                pass
            self._refreshed.wait(FACTS_POLL_SECONDS)
            self._refreshed.clear()

    def _try_add_missing_facts(self) -> bool:
        """Add one batch; returns whether another may be needed. After an error batches shrink and pauses grow."""
        if self.refreshed_at is None or time.monotonic() < self._retry_at:
            return False
        try:
            more = self._add_missing_facts()
        except Exception as error:  # the thread must survive any error; it tries again after the pause
            known = isinstance(error, LakehouseUnavailable | Unavailable)
            log.warning("The facts of new orders can't be read: %s", error, exc_info=not known)
            self._batch = max(100, self._batch // 2)
            self._backoff = min(MAX_BACKOFF_SECONDS, self._backoff * 2)
            self._retry_at = time.monotonic() + self._backoff
            return False
        self._batch, self._backoff = FACTS_BATCH, FACTS_POLL_SECONDS
        return more

    def _try_refresh_platform(self) -> None:
        try:
            self._refresh_platform()
        except Exception as error:  # the app works without the state of the sync and without complaints
            if str(error) != self._platform_error:
                log.warning("The state of the sync or the complaints' database can't be read: %s", error)
            self._platform_error = str(error)
