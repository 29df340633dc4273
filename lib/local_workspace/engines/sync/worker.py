"""One continuous sync: a thread that follows a Delta table's log into a Postgres table."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from watchfiles import Change, watch

from local_workspace.engines.sync.errors import SyncRefused
from local_workspace.engines.sync.source import DeltaSource, Feed, FeedGoneError, Read
from local_workspace.engines.sync.target import Position, RefusedRow, Target
from local_workspace.runtime.errors import ApiError

_SETTLE_MS = 50  # commits that come together are applied together
_LOOK_AGAIN_MS = 2000  # a commit between the last look and the start of the watch would tell nobody
_LONGEST_PAUSE = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How a sync stands. Times are UTC; `version` is the last Delta version that is visible in Postgres."""

    version: int | None = None
    committed: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None
    rows: int = 0
    error: str | None = None


class SyncWorker:
    """Follows a Delta table into `target`.

    `locate` says where the table lies, `read` runs a query in Spark, `connect` opens a connection to the target's
    database.
    """

    def __init__(
        self,
        name: str,
        locate: Callable[[], Path],
        read: Read,
        target: Target,
        connect: Callable[[], psycopg.Connection],
    ) -> None:
        self.name, self.target = name, target
        self._locate, self._read, self._connect = locate, read, connect
        self.progress = Progress()
        self._known: Position | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sync {name}", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = self.progress.ended
            try:
                self._follow()
            except Exception as error:  # shown in the table's state, and tried again: a sync outlives its troubles
                log.warning("Sync of %s: %s", self.name, error)
                self.progress = replace(self.progress, error=_described(error))
                failures = 0 if self.progress.ended != began else failures + 1
                self._stop.wait(min(_LONGEST_PAUSE, 0.2 * 2 ** min(failures, 10)))

    def _follow(self) -> None:
        """Catch up, then again at each commit. Returns when stopped; raises what goes wrong."""
        with self._connect() as connection:
            self._known = None
            path = self._locate()
            self.catch_up(connection, path)
            for _ in watch(
                path / "_delta_log",
                watch_filter=_is_commit,
                debounce=_SETTLE_MS,
                step=_SETTLE_MS,
                rust_timeout=_LOOK_AGAIN_MS,
                yield_on_timeout=True,
                recursive=False,
                stop_event=self._stop,
            ):
                self.catch_up(connection, path)

    def catch_up(self, connection: psycopg.Connection, path: Path) -> None:
        """Bring the target to the newest version of the table at `path`. Raises SyncRefused, psycopg.Error."""
        began = datetime.now(UTC)
        source = DeltaSource(path, self.name, self._read)
        newest = Position(source.id, source.version)
        if newest == self._known:
            return
        committed = source.committed()
        with connection.transaction():
            rows = self._apply(connection, source, newest)
        self._known = newest
        self.progress = Progress(source.version, committed, began, datetime.now(UTC), rows)

    def _apply(self, connection: psycopg.Connection, source: DeltaSource, newest: Position) -> int:
        """Bring the table and its position to `newest`; returns the number of rows touched. Raises SourceError."""
        self.target.prepare(connection, source.columns)
        position = self.target.position(connection)
        if position == newest:
            return 0
        try:
            feed = self._feed(source, position)
            touched = self._copy(connection, source) if feed is None else self._change(connection, source, feed)
        except RefusedRow as refused:
            raise source.refused(self.target.key, refused.row, refused.column, refused.why) from refused
        self.target.move_to(connection, newest)
        return touched

    def _copy(self, connection: psycopg.Connection, source: DeltaSource) -> int:
        """Make the target what the source is."""
        rows = source.snapshot(self.target.key)
        self.target.replace(connection, list(source.columns), rows)
        return len(rows)

    def _change(self, connection: psycopg.Connection, source: DeltaSource, feed: Feed) -> int:
        """Change in the target what changed in the source."""
        if not feed.size:
            return 0
        net = feed.net(self.target.present(connection, feed.key_rows()))
        if net.removes:
            self.target.remove(connection, feed.key_rows(net.removes))
        if net.writes:
            try:
                self.target.upsert(connection, list(source.columns), feed.rows(net.writes))
            except psycopg.errors.ProgramLimitExceeded:
                raise source.key_too_long(self.target.key, feed.key_rows(net.writes)) from None
        return len(net.writes) + len(net.removes)

    def _feed(self, source: DeltaSource, position: Position | None) -> Feed | None:
        """What changed since `position`; None if only a new snapshot will do."""
        if position is None or position.source_id != source.id or position.version > source.version:
            return None
        try:
            return source.feed(position.version, self.target.key)
        except FeedGoneError as error:
            log.info("Change feed of %s after version %s: %s", self.name, position.version, error)
            return None


def _described(error: Exception) -> str:
    """What the table's state says of an error; our own errors are whole sentences."""
    return str(error) if isinstance(error, SyncRefused | ApiError) else f"{type(error).__name__}: {error}"


def _is_commit(change: Change, path: str) -> bool:
    return change != Change.deleted and path.endswith(".json")
