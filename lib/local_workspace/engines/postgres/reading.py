"""Reads a database for someone who looks: one statement that changes nothing, for a limited time and number of rows."""

import contextlib
import itertools
import time
from dataclasses import dataclass

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader

from local_workspace.runtime.errors import ApiError

MOST_ROWS = 1000
SECONDS = 10
_OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS * 1000}"
_ANY_QUERY = "SELECT 1"
_NO_ROWS = "This statement returns no rows. Only what reads can run here: SELECT, WITH, TABLE, VALUES, SHOW or EXPLAIN."


@dataclass(frozen=True)
class Rows:
    """What a statement returned: column names, rows as Postgres writes their values (None is NULL), and seconds.

    `more` says that there are more rows than these.
    """

    columns: list[str]
    rows: list[tuple[str | None, ...]]
    more: bool
    seconds: float


class StatementFailed(ApiError):
    """Postgres refused a statement; `position` is that of the character it complains about, counted from 1."""

    def __init__(self, error: psycopg.Error) -> None:
        primary = error.diag.message_primary or _NO_ROWS  # without a message of its own, it is psycopg's refusal
        hint = f"\nHint: {error.diag.message_hint}" if error.diag.message_hint else ""
        super().__init__(400, "BAD_REQUEST", f"{primary}{hint}")
        at = error.diag.statement_position
        self.position = int(at) if at else None


class _AsText(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode(errors="replace")


def read(conninfo: str, text: str, most: int = MOST_ROWS) -> Rows:
    """Run `text`, one statement, over a new connection to `conninfo`, in a transaction that can't write.

    Raises StatementFailed, also after 10 seconds, and psycopg.OperationalError if there is no connection.
    """
    began = time.monotonic()
    with contextlib.closing(psycopg.connect(conninfo, options=_OPTIONS, context=_as_text())) as session:
        session.execute(_ANY_QUERY)  # after its first query, Postgres lets no transaction become one that writes
        cursor = session.cursor()
        try:
            found = list(itertools.islice(cursor.stream(text.encode()), most + 1))
        except psycopg.Error as error:
            raise StatementFailed(error) from error
    columns = [column.name for column in cursor.description or ()]
    return Rows(columns, found[:most], len(found) > most, time.monotonic() - began)


def _as_text() -> AdaptersMap:
    """Every value as the text that Postgres sends."""
    adapters = AdaptersMap()
    adapters.register_loader(0, _AsText)
    return adapters
