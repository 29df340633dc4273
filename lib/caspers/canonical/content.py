"""The hash of a dataset's content, equal on two machines if their datasets are."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars.selectors as cs

from caspers.canonical import schema
from caspers.canonical.dataset import scan_table

PART_ORDERS = 80_000
"""Orders whose events are sorted together: memory grows with these, not with the dataset."""

HEADER_ROWS = 100_000
"""Rows between two headers in the hashed text. Another value gives other hashes; another PART_ORDERS doesn't."""


def _parts(path: Path, table: str) -> Iterator[pl.DataFrame]:
    """The rows of a table in order of its key, a part at a time."""
    rows = scan_table(path, table)
    first = schema.KEYS[table][0]
    keys = rows.select(pl.col(first).unique()).collect(engine="streaming")[first].sort()
    for low in range(0, len(keys), PART_ORDERS):
        part = keys[low : low + PART_ORDERS]
        here = rows.filter(pl.col(first).is_between(pl.lit(part[0]), pl.lit(part[-1])))
        yield here.collect(engine="streaming").sort(schema.KEYS[table])


def _texts(parts: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """The rows of all parts as CSV, with a header before every `HEADER_ROWS`, wherever the parts end."""
    seen = 0
    for part in parts:
        rows = part.with_columns(cs.float().cast(pl.Float64).round(4))
        while not rows.is_empty():
            room = HEADER_ROWS - seen % HEADER_ROWS
            yield rows.head(room).write_csv(include_header=room == HEADER_ROWS).encode()
            seen += min(room, rows.height)
            rows = rows.slice(room)


def content_hash(path: Path) -> str:
    """SHA-256 over the values of all tables at `path`, sorted by key: the same for any storage order or machine.

    Floats count to four decimals. Raises DatasetError as `scan_table` does.
    """
    digest = hashlib.sha256()
    for table in sorted(schema.TABLES):
        digest.update(table.encode())
        for text in _texts(_parts(path, table)):
            digest.update(text)
    return digest.hexdigest()
