"""The store of the workspace's resources: JSON documents in one SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_workspace.runtime.errors import disk_failed, disk_full

type Document = dict[str, Any]
"""A JSON object."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters VALUES ('id', 1000);
"""
_PRIMARY = 0xFF  # the part of an error's code that says what went wrong, without the details


class Store:
    """Documents by kind and key. Safe for threads; every call is one transaction on disk.

    What the disk does not take raises StorageError, and nothing has changed.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def put(self, kind: str, key: str, doc: Document) -> None:
        """Write `doc`; a document of that key is replaced and keeps its place in the order."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO documents "
                "VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM documents), ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(doc)),
            )

    def get(self, kind: str, key: str) -> Document | None:
        """The document of that key, or None."""
        with self._transaction():
            row = self._db.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def list(self, kind: str) -> list[Document]:
        """All documents of a kind, in the order they were first written."""
        with self._transaction():
            rows = self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY position", (kind,)).fetchall()
        return [json.loads(body) for (body,) in rows]

    def items(self, kind: str) -> Sequence[tuple[str, Document]]:
        """All documents of a kind with their keys, in the order they were first written."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key, body FROM documents WHERE kind = ? ORDER BY position", (kind,)
            ).fetchall()
        return [(key, json.loads(body)) for key, body in rows]

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; False if there was none."""
        with self._transaction():
            return self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def update(self, kind: str, key: str, **changes: object) -> Document:
        """Change fields of a document and return it. Raises KeyError if there is none."""
        with self._lock:
            doc = self.get(kind, key)
            if doc is None:
                raise KeyError(f"{kind} {key}")
            doc.update(changes)
            self.put(kind, key, doc)
            return doc

    def change(self, kind: str, key: str, change: Callable[[Document | None], Document | None]) -> None:
        """Write what `change` makes of a document, which no other call does meanwhile; nothing if that is None.

        `change` gets None if there is no document. What it raises leaves all as it is.
        """
        with self._lock:
            doc = change(self.get(kind, key))
            if doc is not None:
                self.put(kind, key, doc)

    def next_id(self) -> int:
        """A number that this store has never returned before."""
        with self._transaction():
            number: int = self._db.execute(
                "UPDATE counters SET value = value + 1 WHERE name = 'id' RETURNING value"
            ).fetchone()[0]
            return number

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                match error.sqlite_errorcode & _PRIMARY:
                    case sqlite3.SQLITE_FULL:
                        raise disk_full() from error
                    case sqlite3.SQLITE_IOERR:
                        raise disk_failed(f"The workspace's database can't be used: {error}.") from error
                raise
