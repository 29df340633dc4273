"""Keeps the app's table of complaints up to date: the synced table's rows, customers' texts, and cities and brands."""

import logging
import threading

from refund_manager.domain.errors import LakehouseUnavailable, Unavailable
from refund_manager.postgres import complaint_updates, queue
from refund_manager.postgres.database import Database
from refund_manager.services.lakehouse import Lakehouse

POLL_SECONDS = 15
TEXTS_BATCH = 1000

log = logging.getLogger("uvicorn.error")


class ComplaintUpdater:
    """Runs a thread that updates the complaints in `database` every `pause` seconds.

    Texts are read from the lakehouse; cities and brands are those of the queue in the database `refunds`.
    """

    def __init__(
        self, database: Database, refunds: Database, lakehouse: Lakehouse, pause: float = POLL_SECONDS
    ) -> None:
        self._database, self._refunds, self._lakehouse, self._pause = database, refunds, lakehouse, pause
        self._stopping = threading.Event()
        self._error: str | None = None
        self._thread = threading.Thread(target=self._follow, name="complaint_updater", daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread. One that is still waiting for the lakehouse after 5 seconds is abandoned."""
        self._stopping.set()
        self._thread.join(5)

    def copy_rows(self) -> None:
        """Make the complaints those of the synced table. Raises Unavailable."""
        with self._database.connection() as connection:
            complaint_updates.refresh(connection)

    def add_places(self) -> None:
        """Add the cities and brands of those orders whose facts are in the queue. Raises Unavailable."""
        with self._database.connection() as connection:
            wanted = complaint_updates.orders_without_place(connection)
        with self._refunds.connection() as connection:
            found = queue.places(connection, wanted) if wanted else []
        if found:
            with self._database.connection() as connection:
                complaint_updates.set_places(connection, found)

    def add_texts(self) -> bool:
        """Add one batch of texts; returns False if none is missing. Raises Unavailable or LakehouseUnavailable."""
        with self._database.connection() as connection:
            wanted = complaint_updates.without_text(connection, TEXTS_BATCH)
        texts = self._lakehouse.complaint_texts(wanted) if wanted else {}
        with self._database.connection() as connection:
            complaint_updates.set_texts(connection, wanted, texts)
        return bool(wanted)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._try_update()
            self._stopping.wait(self._pause)

    def _try_update(self) -> None:
        try:
            self.copy_rows()
            self.add_places()
            while not self._stopping.is_set() and self.add_texts():
                pass
            self._error = None
        except Exception as error:  # the thread must survive any error; it tries again after the pause
            known = isinstance(error, LakehouseUnavailable | Unavailable)
            if str(error) != self._error:
                log.warning("The complaints can't be updated: %s", error, exc_info=not known)
            self._error = str(error)
