"""Exports a list as CSV, streamed line by line so that memory stays constant."""

import csv
import io
from collections.abc import Iterable, Iterator

from refund_manager.domain.models import Filters, Sort
from refund_manager.postgres.database import Row
from refund_manager.services.refunds import Refunds

_COLUMNS = (
    "order_id",
    "order_ts",
    "city",
    "brands",
    "items",
    "total_usd",
    "minutes",
    "p75_minutes",
    "p99_minutes",
    "suggested_class",
    "suggested_usd",
    "suggested_reason",
    "source",
    "decision",
    "granted_usd",
    "decided_by",
    "decided_at",
    "reason",
)


def lines(refunds: Refunds, filters: Filters, sort: Sort) -> Iterator[str]:
    """The lines of the CSV, header first. Raises Unavailable here rather than after the first line was sent."""
    rows = refunds.rows(filters, sort)
    first = next(rows, None)

    def written() -> Iterator[str]:
        yield _line(_COLUMNS)
        if first:
            yield _line(_cells(first))
        for row in rows:
            yield _line(_cells(row))

    return written()


def _cells(row: Row) -> list[object]:
    decided = row["decision"] or {}
    flat = {
        **row,
        "brands": ", ".join(row["brands"] or []),
        "decision": decided.get("decision"),
        "granted_usd": decided.get("amount"),
        **{name: decided.get(name) for name in ("decided_by", "decided_at", "reason")},
    }
    return [_plain(flat[name]) for name in _COLUMNS]


def _plain(value: object) -> object:
    """Prefix a text that a spreadsheet would run as a formula with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
