"""The statements that were run lately: when, how long, and how each came out."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from local_workspace.engines.sql.run import Run
from local_workspace.engines.sql.statement import Statement
from local_workspace.runtime.timestamps import now_ms

_KEPT = 1000


@dataclass(frozen=True)
class Entry:
    """A statement in the history; `began` and `ended` are in milliseconds since 1970.

    `rows` is the number of its result's rows, `error` why it failed.
    """

    statement_id: str
    statement: Statement
    began: int
    state: str = "RUNNING"
    ended: int | None = None
    rows: int | None = None
    error: str = ""


class History:
    """The newest statements, in memory and without their results. Thread-safe."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, statement_id: str, statement: Statement) -> None:
        """Note a statement that is about to run."""
        with self._lock:
            self._entries[statement_id] = Entry(statement_id, statement, now_ms())
            while len(self._entries) > _KEPT:
                self._entries.popitem(last=False)

    def end(self, statement_id: str, run: Run) -> None:
        """Note how a statement came out."""
        status, result = run.status(), run.result()
        failure = status["error"]["message"] if "error" in status else ""
        rows = result.manifest()["total_row_count"] if result else None
        with self._lock:
            if entry := self._entries.get(statement_id):
                ended = replace(entry, state=status["state"], ended=now_ms(), rows=rows, error=failure)
                self._entries[statement_id] = ended

    def list(self) -> list[Entry]:
        """All of them, the newest first."""
        with self._lock:
            return list(reversed(self._entries.values()))

    def get(self, statement_id: str) -> Entry | None:
        """One of them."""
        with self._lock:
            return self._entries.get(statement_id)
