"""One continuous sync: a thread that follows a Delta table's log into a Postgres table."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from watchfiles import Change, watch

from local_workspace.engines.sync.source import DeltaSource, FeedGoneError
from local_workspace.engines.sync.target import Position, Target

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
    """Follows the table at `path` into `target`; `connect` opens a connection to the target's database."""

    def __init__(self, name: str, path: Path, target: Target, connect: Callable[[], psycopg.Connection]) -> None:
        self.name, self.path, self.target, self._connect = name, path, target, connect
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
                self.progress = replace(self.progress, error=f"{type(error).__name__}: {error}")
                failures = 0 if self.progress.ended != began else failures + 1
                self._stop.wait(min(_LONGEST_PAUSE, 0.2 * 2 ** min(failures, 10)))

    def _follow(self) -> None:
        """Catch up, then again at each commit. Returns when stopped; raises what goes wrong."""
        with self._connect() as connection:
            self._known = None
            self._catch_up(connection)
            for _ in watch(
                self.path / "_delta_log",
                watch_filter=_is_commit,
                debounce=_SETTLE_MS,
                step=_SETTLE_MS,
                rust_timeout=_LOOK_AGAIN_MS,
                yield_on_timeout=True,
                recursive=False,
                stop_event=self._stop,
            ):
                self._catch_up(connection)

    def _catch_up(self, connection: psycopg.Connection) -> None:
        began = datetime.now(UTC)
        source = DeltaSource(self.path, self.name)
        newest = Position(source.id, source.version)
        if newest == self._known:
            return
        committed = source.committed()
        with connection.transaction():
            rows = self._apply(connection, source, newest)
        self._known = newest
        self.progress = Progress(source.version, committed, began, datetime.now(UTC), rows)

    def _apply(self, connection: psycopg.Connection, source: DeltaSource, newest: Position) -> int:
        """Bring the table and its position to `newest`; returns the number of rows touched."""
        columns = list(source.columns)
        self.target.prepare(connection, source.columns)
        position = self.target.position(connection)
        if position == newest:
            return 0
        upserts, removes = self._changes(source, position)
        if upserts is None:
            upserts = source.snapshot(self.target.key)
            self.target.replace(connection, columns, upserts)
        else:
            if removes:
                self.target.remove(connection, removes)
            if upserts:
                self.target.upsert(connection, columns, upserts)
        self.target.move_to(connection, newest)
        return len(upserts) + len(removes)

    def _changes(self, source: DeltaSource, position: Position | None) -> tuple[list[tuple] | None, list[tuple]]:
        """The rows to write and the keys to remove; None for the rows if only a new snapshot will do."""
        if position is None or position.source_id != source.id or position.version > source.version:
            return None, []
        try:
            return source.changes(position.version, self.target.key)
        except FeedGoneError as error:
            log.info("Change feed of %s after version %s: %s", self.name, position.version, error)
            return None, []


def _is_commit(change: Change, path: str) -> bool:
    return change != Change.deleted and path.endswith(".json")
