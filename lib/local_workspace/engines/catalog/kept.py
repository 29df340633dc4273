"""Documents of Spark's metastore, kept until the server has counted a change of what they describe."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from local_workspace.engines.catalog import later_commits
from local_workspace.runtime.home import Home, read_json

_MOST = 1000  # readings


@dataclass(frozen=True)
class Wanted:
    """What is read: the documents of a table, only those of a schema and called `name` where these are not None.

    Of the table `schemas`, the schema is what is read. Names are identifiers, in any case.
    """

    table: str
    schema: str | None = None
    name: str | None = None

    @property
    def condition(self) -> str:
        """The clause WHERE of a query for it; empty where everything is wanted."""
        columns = ("name", None) if self.table == "schemas" else ("schema", "name")
        values = zip(columns, (self.schema, self.name), strict=True)
        equal = [f"`{column}` = '{value.lower()}'" for column, value in values if value is not None]
        return f" WHERE {' AND '.join(equal)}" if equal else ""


@dataclass(frozen=True)
class _Reading:
    """What was read while the metastore was in a state."""

    state: tuple[object, ...]
    documents: list[str]


class KeptDocuments:
    """The readings of one process. Safe for threads."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._readings: dict[Wanted, _Reading] = {}

    def documents(self, wanted: Wanted, read: Callable[[], list[str]]) -> list[object]:
        """What `wanted` names: as it was read before if that still holds, else as `read` says, in JSON."""
        state = self._state(wanted)
        kept = self._readings.get(wanted)
        if kept and kept.state == state:
            known = list(map(json.loads, kept.documents))
            current = list(map(later_commits.current, known))
            if None not in current:
                if current != known:
                    self._keep(wanted, _Reading(state, list(map(json.dumps, current))))
                return cast("list[object]", current)
        found = read()
        if state is not None:  # that of before the reading: a change while it went on is one after it
            self._keep(wanted, _Reading(state, found))
        return list(map(json.loads, found))

    def _keep(self, wanted: Wanted, reading: _Reading) -> None:
        if len(self._readings) >= _MOST:
            self._readings.clear()
        self._readings[wanted] = reading

    def _state(self, wanted: Wanted) -> tuple[object, ...] | None:
        """What differs once `wanted` has changed; None while the server doesn't count.

        The catalog's name is part of it, since texts of views and functions have it.
        """
        found = read_json(self._home.metastore_changes)
        if found is None:
            return None
        counts = cast("Mapping[str, int]", found["counts"][wanted.table])
        count = sum(counts.values()) if wanted.schema is None else counts.get(wanted.schema.lower(), 0)
        catalog = self._home.catalog_name
        return found["server"], count, catalog.read_text() if catalog.exists() else ""
