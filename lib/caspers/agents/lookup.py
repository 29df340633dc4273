"""How an agent looks facts up: through the SQL functions of schema `ai`, for many values in one query."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from caspers.agents.tools import OutOfScope, Rows
from caspers.refunds.facts import LOCATION_TIMINGS, Fact, together_sql
from caspers.refunds.rows import Row

TIMINGS_SECONDS = 600.0
"""How long an endpoint caches the locations' timings: they cover 30 days, and are the most expensive query."""

type FactRows = dict[tuple[str, object], Rows]
"""Rows by the fact's name and the value of its argument, an order's or a location's id; an empty list if unknown."""
type Lookup = Callable[[Sequence[Fact], Sequence[object]], FactRows]


def sql_lookup(catalog: str, warehouse_id: str | None = None) -> Lookup:
    """A lookup through the SQL Statement API, in the workspace of the environment.

    Several values are looked up in one statement. A single value, for which a caller is waiting, takes one statement
    per fact, in parallel. Without a `warehouse_id`, statements run on the workspace's first warehouse.
    Functions are those of `catalog`. The lookup raises RuntimeError with the engine's message.
    """
    from databricks.sdk import WorkspaceClient

    from caspers.platform import sql

    w = WorkspaceClient()
    warehouse = warehouse_id or str(next(iter(w.warehouses.list())).id)

    def lookup(facts: Sequence[Fact], values: Sequence[object]) -> FactRows:
        bound = {f"v{place}": value for place, value in enumerate(values)}
        groups = [[fact] for fact in facts] if len(values) == 1 else [facts]
        statements = [together_sql(catalog, group, list(bound)) for group in groups]
        with ThreadPoolExecutor(len(statements), thread_name_prefix="look up") as pool:
            found = pool.map(lambda statement: sql.query(w, warehouse, statement, bound), statements)
            return _by_value(facts, values, chain.from_iterable(found))

    return lookup


def _by_value(facts: Sequence[Fact], values: Sequence[object], found: Iterable[Row]) -> FactRows:
    known: FactRows = {(fact.name, value): [] for fact in facts for value in values}
    for row in found:
        known[row["fact"], values[row["place"]]].append(json.loads(row["row"]))
    return known


def with_cached_timings(lookup: Lookup, seconds: float = TIMINGS_SECONDS) -> Lookup:
    """`lookup`, with the timings of all locations cached for so many seconds: they change slowly and cost most.

    One query reads those of all locations, which takes hardly longer than one location's; threads share it.
    """
    cached: dict[object, Rows] = {}
    until = 0.0
    lock = threading.Lock()

    def timings(locations: Sequence[object]) -> FactRows:
        nonlocal cached, until
        with lock:
            if until <= time.monotonic() or not cached.keys() >= set(locations):
                rows = lookup([LOCATION_TIMINGS], [None])[LOCATION_TIMINGS.name, None]
                # A location without deliveries has no row: an empty entry keeps it from being queried again.
                found = {row[LOCATION_TIMINGS.argument.column]: [row] for row in rows}
                cached = dict.fromkeys([*cached, *locations], []) | found
                until = time.monotonic() + seconds
            return {(LOCATION_TIMINGS.name, each): cached[each] for each in locations}

    return lambda facts, values: timings(values) if list(facts) == [LOCATION_TIMINGS] else lookup(facts, values)


def gather(lookup: Lookup, facts: Sequence[Fact], order_ids: Sequence[str]) -> FactRows:
    """The rows of `facts` about these orders, and the timings of their locations.

    Raises RuntimeError if they can't be looked up.
    """
    if not order_ids:
        return {}
    known = lookup([fact for fact in facts if fact is not LOCATION_TIMINGS], order_ids)
    locations = {row["location_id"] for rows in known.values() for row in rows}
    return known | (lookup([LOCATION_TIMINGS], sorted(locations)) if locations else {})


def only(known: FactRows, order_id: str, location_id: int) -> Callable[[Fact, object], Rows]:
    """A lookup in the rows `known`, limited to this order and its location; it raises OutOfScope for anything else."""

    def rows(fact: Fact, value: object) -> Rows:
        if value not in (order_id, location_id) or (fact.name, value) not in known:
            raise OutOfScope(f"This is about order {order_id} and location {location_id}; nothing else is looked up.")
        return known[fact.name, value]

    return rows
