"""What the lakehouse has to hold, computed from the event files alone, and how tables differ from it.

Nothing here uses the project's own functions: an error of theirs must not be repeated by the check.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from xxhash import xxh64_intdigest

type Row = tuple[Hashable, ...]

_EXAMPLES = 3


SPARK_SEED = 42  # of xxhash64 in Spark's SQL


@dataclass(frozen=True)
class Event:
    """A usable line of an event file; `ts` is aware."""

    event_id: str
    event_type: str
    ts: datetime
    location_id: int
    order_id: str
    sequence: int
    body: str
    file: str


def differences(what: str, expected: Iterable[Row], found: Iterable[Row], key: int | None = None) -> list[str]:
    """How the rows `found` in the table `what` differ from those `expected`, in any order: a line for each way.

    A row is identified by its first `key` values, all of them if it is None. Rows are lost, doubled, changed, or
    unexpected.
    """
    wanted, seen = _by_key(expected, key), _by_key(found, key)
    ways: dict[str, list[str]] = defaultdict(list)
    for identity in wanted.keys() | seen.keys():
        of_wanted, of_seen = wanted[identity], seen[identity]
        if of_wanted != of_seen:
            ways[_way(of_wanted.total(), of_seen.total())].append(_example(identity, of_wanted, of_seen))
    return [f"{what}: {len(all_)} {way}, such as {'; '.join(sorted(all_)[:_EXAMPLES])}" for way, all_ in ways.items()]


def doubled(what: str, keys: Iterable[Hashable]) -> list[str]:
    """A line if some of the `keys` of a table's rows come more than once."""
    again = [key for key, count in Counter(keys).items() if count > 1]
    return [f"{what}: {len(again)} doubled, such as {again[:_EXAMPLES]}"] if again else []


def _by_key(rows: Iterable[Row], key: int | None) -> defaultdict[Row, Counter[Row]]:
    grouped: defaultdict[Row, Counter[Row]] = defaultdict(Counter)
    for row in rows:
        grouped[row[:key]][row] += 1
    return grouped


def _way(wanted: int, seen: int) -> str:
    if not wanted:
        return "unexpected"
    return "lost" if seen < wanted else "doubled" if seen > wanted else "changed"


def _example(identity: Row, wanted: Counter[Row], seen: Counter[Row]) -> str:
    if wanted.total() != seen.total():
        return f"{identity}"
    return (
        f"{identity}: {sorted((seen - wanted).elements(), key=repr)} for {sorted((wanted - seen).elements(), key=repr)}"
    )


def read_event(line: str, file: str) -> Event | None:
    """The event in a line of `file`, None if it is not a usable one."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["ts"]).replace(tzinfo=UTC)
        event = Event(**{**fields, "ts": at}, file=file)
        created_without_items = event.event_type == "order_created" and not isinstance(
            json.loads(event.body)["items"], list
        )
    except (ValueError, TypeError, KeyError):
        return None
    texts = (event.event_id, event.event_type, event.order_id)
    whole = all(isinstance(text, str) for text in texts) and isinstance(event.location_id, int)
    return event if whole and not created_without_items else None


@dataclass(frozen=True)
class Item:
    """An item of an order: a row of silver."""

    order_id: str
    ts: datetime
    location_id: int
    item_id: int
    menu_id: int
    category_id: int
    brand_id: int
    brand_name: str | None
    name: str
    price: Decimal
    qty: int

    @property
    def revenue(self) -> Decimal:
        """What it cost in all."""
        return self.price * self.qty

    def row(self) -> Row:
        """Its values in the order of silver's columns."""
        before = (self.order_id, self.ts, self.ts.date(), self.location_id, self.item_id, self.menu_id)
        of_brand = (self.category_id, self.brand_id, self.brand_name)
        return (*before, *of_brand, self.name, self.price, self.qty, self.revenue)


def items(events: Iterable[Event], brands: Mapping[int, str]) -> list[Item]:
    """The items of the orders that were created; `brands` has the brands' names."""
    return [
        Item(
            event.order_id,
            event.ts,
            event.location_id,
            item["id"],
            item["menu_id"],
            item["category_id"],
            item["brand_id"],
            brands.get(item["brand_id"]),
            item["name"],
            Decimal(str(item["price"])),
            item["qty"],
        )
        for event in events
        if event.event_type == "order_created"
        for item in json.loads(event.body)["items"]
    ]


def order_header(sold: Iterable[Item]) -> list[Row]:
    """Gold's orders: id, location, day, revenue, quantity, number of items, brands."""
    groups = _grouped(sold, lambda item: (item.order_id, item.location_id, item.ts.date()))
    return [
        (*key, _revenue(group), _quantity(group), len(group), tuple(sorted({item.brand_id for item in group})))
        for key, group in groups.items()
    ]


def item_sales_day(sold: Iterable[Item]) -> list[Row]:
    """Gold's items by day: ids, day, units, revenue."""
    groups = _grouped(sold, lambda item: (item.item_id, item.menu_id, item.category_id, item.brand_id, item.ts.date()))
    return [(*key, _quantity(group), _revenue(group)) for key, group in groups.items()]


def brand_sales_day(sold: Iterable[Item]) -> list[Row]:
    """Gold's brands by day: id, day, orders, items, revenue."""
    groups = _grouped(sold, lambda item: (item.brand_id, item.ts.date()))
    return [(*key, _orders(group), _quantity(group), _revenue(group)) for key, group in groups.items()]


def location_sales_hourly(sold: Iterable[Item]) -> list[Row]:
    """Gold's locations by hour: id, hour, orders, revenue."""
    groups = _grouped(sold, lambda item: (item.location_id, item.ts.replace(minute=0, second=0, microsecond=0)))
    return [(*key, _orders(group), _revenue(group)) for key, group in groups.items()]


def _grouped(sold: Iterable[Item], key: Callable[[Item], Row]) -> dict[Row, list[Item]]:
    groups: defaultdict[Row, list[Item]] = defaultdict(list)
    for item in sold:
        groups[key(item)].append(item)
    return groups


def _revenue(group: list[Item]) -> Decimal:
    return sum((item.revenue for item in group), Decimal(0))


def _quantity(group: list[Item]) -> int:
    return sum(item.qty for item in group)


def _orders(group: list[Item]) -> int:
    return len({item.order_id for item in group})


def complains(order_id: str, rate: float) -> bool:
    """Whether the share `rate` of all orders that get a complaint has this one."""
    hashed = xxh64_intdigest(order_id.encode(), seed=SPARK_SEED)
    signed = hashed - 2**64 if hashed >= 2**63 else hashed
    return signed % 10_000 < round(rate * 10_000)
