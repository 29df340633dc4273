"""One continuous sync: a thread that follows a Delta table's log into a Postgres table."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from watchfiles import Change, watch

from local_workspace.engines.sync.errors import SyncRefused
from local_workspace.engines.sync.source import DeltaSource, Feed, FeedGoneError, Read
from local_workspace.engines.sync.target import Position, RefusedRow, Target
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.supervisor import Policy, Supervisor

_SETTLE_MS = 50  # commits that come together are applied together
_LOOK_AGAIN_MS = 2000  # a commit between the last look and the start of the watch would tell nobody
# A sync outlives its troubles: it is tried again for as long as there is a synced table.
_POLICY = Policy(first_pause=0.2, longest_pause=30, steady=0, limit=None)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How a sync stands. Times are UTC; `version` is the last Delta version that is visible in Postgres.

    `rows` is how many the last sync touched, `left_out` how many of that version have NULL in the primary key.
    """

    version: int | None = None
    committed: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None
    rows: int = 0
    error: str | None = None
    left_out: int = 0


@dataclass
class _Life:
    """One connection to the target, from its opening until it is closed; `busy` is held during a transaction."""

    connection: psycopg.Connection
    path: Path
    ended: threading.Event = field(default_factory=threading.Event)
    busy: threading.Lock = field(default_factory=threading.Lock)


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
        self._supervisor = Supervisor(_Following(self), _POLICY)

    def start(self) -> None:
        """Begin to follow."""
        self._supervisor.start()

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._supervisor.stop()

    def connected(self) -> _Life:
        """A new connection. Raises what goes wrong, here and below."""
        with self._noting():
            self._known = None
            path, connection = self._locate(), self._connect()
            try:
                with connection.transaction():
                    self.target.keep_positions(connection)
            except psycopg.Error:
                connection.close()
                raise
            return _Life(connection, path)

    def advance(self, life: _Life) -> None:
        """Bring the target to the newest version, unless the life has ended."""
        with self._noting(), life.busy:
            if not life.ended.is_set():
                self.catch_up(life.connection, life.path)

    def follow(self, life: _Life) -> None:
        """Catch up at each commit. Returns when the life has ended."""
        with self._noting():
            for _ in watch(
                life.path / "_delta_log",
                watch_filter=_is_commit,
                debounce=_SETTLE_MS,
                step=_SETTLE_MS,
                rust_timeout=_LOOK_AGAIN_MS,
                yield_on_timeout=True,
                recursive=False,
                stop_event=life.ended,
            ):
                self.advance(life)

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        """Show what goes wrong in the table's state."""
        try:
            yield
        except Exception as error:
            self.progress = replace(self.progress, error=_described(error))
            raise

    def catch_up(self, connection: psycopg.Connection, path: Path) -> None:
        """Bring the target to the newest version of the table at `path`. Raises SyncRefused, psycopg.Error."""
        began = datetime.now(UTC)
        source = DeltaSource(path, self.name, self._read)
        newest = Position(source.id, source.version)
        if newest == self._known:
            return
        committed = source.committed()
        with connection.transaction():
            rows, left_out = self._apply(connection, source, newest)
        self._known = newest
        self.progress = Progress(source.version, committed, began, datetime.now(UTC), rows, left_out=left_out)

    def _apply(self, connection: psycopg.Connection, source: DeltaSource, newest: Position) -> tuple[int, int]:
        """Bring the table and its position to `newest`. Raises SourceError.

        Returns the number of rows touched, and of those in the source that have no key.
        """
        self.target.prepare(connection, source.columns)
        position = self.target.position(connection)
        if position == newest:
            return 0, position.left_out
        try:
            touched, left_out = self._catch_up_from(position, connection, source)
        except RefusedRow as refused:
            raise source.refused(self.target.key, refused.row, refused.column, refused.why) from refused
        self.target.move_to(connection, replace(newest, left_out=left_out))
        return touched, left_out

    def _catch_up_from(
        self, position: Position | None, connection: psycopg.Connection, source: DeltaSource
    ) -> tuple[int, int]:
        feed = self._feed(source, position)
        if position is None or feed is None:
            return self._copy(connection, source)
        return self._change(connection, source, feed), position.left_out + feed.left_out

    def _copy(self, connection: psycopg.Connection, source: DeltaSource) -> tuple[int, int]:
        """Make the target what the source is."""
        rows, left_out = source.snapshot(self.target.key)
        self.target.replace(connection, list(source.columns), rows)
        return len(rows), left_out

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


class _Following:
    """The worker as a supervisor's unit: ready when it has caught up for the first time."""

    def __init__(self, worker: SyncWorker) -> None:
        self.what = f"the sync of {worker.name}"
        self._worker = worker

    def start(self) -> _Life:
        return self._worker.connected()

    def wait_until_ready(self, handle: _Life) -> None:
        self._worker.advance(handle)

    def wait_end(self, handle: _Life) -> str:
        self._worker.follow(handle)
        return f"{self.what} ended"

    def end(self, handle: _Life) -> None:
        handle.ended.set()
        with handle.busy:
            handle.connection.close()


def _is_commit(change: Change, path: str) -> bool:
    return change != Change.deleted and path.endswith(".json")
