"""How many rows an update has written to its tables: what their Delta logs say."""

import threading
from collections.abc import Callable
from pathlib import Path

from local_workspace.engines.catalog.delta_log import Commit, DeltaLog
from local_workspace.runtime.errors import ApiError


class Tables:
    """The logs of Delta tables. `find` gives a table's folder by schema and name, and is asked once for each."""

    def __init__(self, find: Callable[[str, str], Path]) -> None:
        self._find = find
        self._folders: dict[str, Path] = {}
        self._lock = threading.Lock()

    def commits(self, table: str) -> list[Commit]:
        """The newest commits of the table `schema.name`; none if there is no such table."""
        try:
            found = DeltaLog(self._folder(table)).history()
        except ApiError:
            found = []
        if not found:
            with self._lock:
                self._folders.pop(table, None)
        return found

    def _folder(self, table: str) -> Path:
        with self._lock:
            known = self._folders.get(table)
        if known is None:
            schema, _, name = table.replace("`", "").partition(".")
            known = self._find(schema, name)
            with self._lock:
                self._folders[table] = known
        return known


class Written:
    """Counts the rows that are written to tables from `since` (ms) on."""

    def __init__(self, tables: Tables, since: int) -> None:
        self._tables, self._since = tables, since
        self._counted: dict[str, int] = {}  # the newest version of each table that is counted

    def rows(self, table: str) -> int | None:
        """The rows written to the table `schema.name` since the last call; None if there is no such table."""
        commits, newest = self._tables.commits(table), self._counted.get(table, -1)
        if not commits:
            return None
        fresh = [each for each in commits if each.timestamp >= self._since and each.version > newest]
        self._counted[table] = max([newest, *(each.version for each in fresh)])
        # Commits that change properties or compact files say nothing of rows.
        return sum(int(str(each.metrics.get("numOutputRows", 0))) for each in fresh)
