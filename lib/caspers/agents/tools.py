"""The SQL functions of schema `ai` as an agent's tools."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from caspers.facts import LOCATION_TIMINGS, Fact

type Rows = list[dict]
type Lookup = Callable[[Fact, object], Rows]

TIMINGS_SECONDS = 60.0
_JSON_TYPES = {"STRING": "string", "INT": "integer"}


def sql_lookup(catalog: str, warehouse_id: str | None = None) -> Lookup:
    """A lookup that runs a fact's function through the SQL Statement API, in the workspace of the environment.

    Without a `warehouse_id` it takes the first warehouse there is. The lookup raises RuntimeError with the
    engine's message. A location's timings move slowly and cost most, so they are kept for a minute.
    """
    from databricks.sdk import WorkspaceClient

    from caspers import sql

    w = WorkspaceClient()
    warehouse = warehouse_id or next(iter(w.warehouses.list())).id

    def lookup(fact: Fact, value: object) -> Rows:
        argument = f"CAST(:value AS {fact.argument.sql_type})"  # table functions want no schema in front
        return sql.query(w, warehouse, f"SELECT * FROM {fact.name}({argument})", {"value": value}, catalog, "ai")

    return keeping(lookup, LOCATION_TIMINGS, TIMINGS_SECONDS)


def keeping(lookup: Lookup, kept_fact: Fact, seconds: float) -> Lookup:
    """`lookup`, with the rows of one fact kept for so many seconds; threads that want the same wait for one query."""
    kept: dict[object, tuple[float, Rows]] = {}
    lock = threading.Lock()

    def remembering(fact: Fact, value: object) -> Rows:
        if fact is not kept_fact:
            return lookup(fact, value)
        with lock:
            until, rows = kept.get(value, (0.0, []))
            if time.monotonic() >= until:
                rows = lookup(fact, value)
                kept[value] = (time.monotonic() + seconds, rows)
            return rows

    return remembering


class Tools:
    """The facts that one conversation may use; what has been looked up once is remembered."""

    def __init__(self, facts: Iterable[Fact], lookup: Lookup) -> None:
        self._facts = {fact.name: fact for fact in facts}
        self._lookup = lookup
        self._known: dict[tuple[str, object], Rows] = {}

    def specs(self) -> list[dict]:
        """The tools as chat completions describe them to a model."""
        return [_spec(fact) for fact in self._facts.values()]

    def rows(self, fact: Fact, value: object) -> Rows:
        """The rows of a fact."""
        key = (fact.name, value)
        if key not in self._known:
            self._known[key] = self._lookup(fact, value)
        return self._known[key]

    def gather(self, facts: Iterable[Fact], value: object) -> list[Rows]:
        """The rows of several facts about the same thing, looked up side by side."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda fact: self.rows(fact, value), facts))

    def answer(self, name: str, arguments: str) -> str:
        """What a model gets to read for a call: the rows as JSON, or what was wrong with the call."""
        fact = self._facts.get(name)
        if fact is None:
            return json.dumps({"error": f"There is no tool {name}. There are: {', '.join(self._facts)}."})
        try:
            value = json.loads(arguments)[fact.argument.name]
        except (ValueError, KeyError, TypeError):
            return json.dumps({"error": f"{name} wants a JSON object with {fact.argument.name}."})
        return json.dumps(self.rows(fact, value), default=str)


def _spec(fact: Fact) -> dict:
    argument = fact.argument
    kind = {"type": _JSON_TYPES[argument.sql_type], "description": argument.comment}
    parameters = {"type": "object", "properties": {argument.name: kind}, "required": [argument.name]}
    return {
        "type": "function",
        "function": {"name": fact.name, "description": fact.comment, "parameters": parameters},
    }
