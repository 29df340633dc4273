"""How many rows an update has written to its tables: what their Delta logs say."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, cast

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from local_workspace.runtime.errors import ApiError

_MOST_COMMITS = 100  # that are read of a log; an update makes a few


class Commit(TypedDict, total=False):
    """A commit of a Delta log; `timestamp` is in ms."""

    version: int
    timestamp: int
    operationMetrics: dict[str, str]  # noqa: N815  # Delta's name


class Tables:
    """The logs of Delta tables. `find` gives a table's folder by schema and name, and is asked once for each."""

    def __init__(self, find: Callable[[str, str], Path]) -> None:
        self._find = find
        self._folders: dict[str, Path] = {}
        self._lock = threading.Lock()

    def commits(self, table: str) -> list[Commit] | None:
        """The newest commits of the table `schema.name`; None if there is no such table."""
        try:
            return cast("list[Commit]", DeltaTable(str(self._folder(table))).history(_MOST_COMMITS))
        except (ApiError, TableNotFoundError, DeltaError):
            with self._lock:
                self._folders.pop(table, None)
            return None

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
        if commits is None:
            return None
        fresh = [each for each in commits if each["timestamp"] >= self._since and each["version"] > newest]
        self._counted[table] = max([newest, *(each["version"] for each in fresh)])
        # Commits that change properties or compact files say nothing of rows.
        return sum(int(each.get("operationMetrics", {}).get("numOutputRows", 0)) for each in fresh)
