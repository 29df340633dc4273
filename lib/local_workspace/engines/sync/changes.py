"""The net effect of a change feed: the rows to write, the keys to remove, and keys that more than one row has."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

IN_TARGET = -1
"""Marks the row that the target holds already."""
REMOVES = ("delete", "update_preimage")


class DuplicateKey(Exception):
    """Several rows of the source have the same primary key."""

    def __init__(self, key: tuple[object, ...]) -> None:
        super().__init__(f"duplicate key {key}")
        self.key = key


@dataclass(frozen=True)
class Changes:
    """Indexes into the feed: of the rows to write, and of rows whose keys are to be removed."""

    writes: list[int] = field(default_factory=list)
    removes: list[int] = field(default_factory=list)


def fold(
    keys: Sequence[tuple[Hashable, ...]],
    kinds: Sequence[str],
    in_target: Iterable[tuple[Hashable, ...]],
    same: Callable[[int, int], bool],
) -> Changes:
    """The net effect of a feed whose rows are in order, the removals of a commit before its additions.

    `keys` and `kinds` are each feed row's key and change type; `in_target` the keys that the target holds before the
    feed; `same(a, b)` tells whether two feed rows have the same values, which decides which of several rows with one
    key a removal takes. Raises DuplicateKey if a key is left with more than one row.
    """
    left: dict[tuple[Hashable, ...], list[int]] = {key: [IN_TARGET] for key in in_target}
    last: dict[tuple[Hashable, ...], int] = {}
    for index, (key, kind) in enumerate(zip(keys, kinds, strict=True)):
        held = left.setdefault(key, [])
        last[key] = index
        if kind in REMOVES:
            _take(held, index, same)
        else:
            held.append(index)
    result = Changes()
    for key, index in last.items():
        held = left[key]
        if len(held) > 1:
            raise DuplicateKey(key)
        if not held:
            result.removes.append(index)
        elif held[0] != IN_TARGET:
            result.writes.append(held[0])
    return result


def _take(held: list[int], removed: int, same: Callable[[int, int], bool]) -> None:
    """Take the row that a removal means out of those with its key: the equal one, else the target's own."""
    equal = (place for place, row in enumerate(held) if row != IN_TARGET and same(row, removed))
    if held:
        held.pop(next(equal, 0) if len(held) > 1 else 0)
