"""Postgres: a pool whose every connection brings a fresh credential, and what happens when it can't be reached."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple, TypeAlias

import psycopg
from psycopg import sql
from psycopg.abc import Params
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from refund_manager.domain.errors import Unavailable

Row: TypeAlias = dict[str, Any]
"""A row by its columns' names."""
Connection: TypeAlias = psycopg.Connection[Row]

WAIT_SECONDS = 3
STATEMENT_SECONDS = 10
_COMMENT = "SELECT obj_description(to_regnamespace(%s)::oid, 'pg_namespace') AS comment"


def value(connection: Connection, query: LiteralString | sql.Composed, values: Params | None = None) -> Any:
    """The one value of a query that gives one row of one column."""
    (row,) = connection.execute(query, values).fetchall()
    (only,) = row.values()
    return only


class Schema(NamedTuple):
    """A schema of the app's own: its name, and the statements that make it, or bring an older one up to date."""

    name: str
    statements: str

    def prepare(self, connection: Connection) -> None:
        """Make it unless it is there as it should be: altering tables at every start would lock out who works."""
        version = hashlib.sha256(self.statements.encode()).hexdigest()
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self.name,))
        if value(connection, _COMMENT, (self.name,)) != version:
            connection.execute("SET LOCAL statement_timeout = 0")  # an index over a million rows takes its time
            connection.execute(self.statements)
            connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(self.name), version))


class Database:
    """Connections to a database in which the app has a schema of its own.

    `password()` is asked at each new connection, because a Lakebase token lives an hour. `address` is what
    libpq's own environment variables don't say.
    """

    def __init__(
        self,
        schema: Schema,
        password: Callable[[], str] | None = None,
        conninfo: str = "",
        address: Mapping[str, object] | None = None,
    ) -> None:
        def options() -> dict[str, object]:
            secret = {"password": password()} if password else {}
            # No prepared statements: each list gets the plan that suits its values.
            return {
                "row_factory": dict_row,
                "connect_timeout": WAIT_SECONDS,
                "prepare_threshold": None,
                **(address or {}),
                **secret,
            }

        # reconnect_timeout=0: no growing pauses between attempts; the next request tries again.
        self._pool = ConnectionPool[Connection](
            conninfo,
            kwargs=options,
            min_size=1,
            max_size=8,
            timeout=WAIT_SECONDS,
            reconnect_timeout=0,
            check=ConnectionPool.check_connection,
            configure=_configure,
            open=False,
        )
        self._schema, self._prepared = schema, False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Start connecting; returns at once, also when Postgres is away."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection inside one transaction. Raises Unavailable if Postgres or the synced table can't be had now."""
        try:
            with self._pool.connection() as connection:
                self._prepare(connection)
                yield connection
        except psycopg.errors.UndefinedTable as error:
            raise Unavailable("The recommendations have not arrived in Postgres yet.") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable(
                f"The app's role may not do this in Postgres ({error.diag.message_primary}); notebook 10 "
                "grants what it needs."
            ) from error
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable(f"This took longer than {STATEMENT_SECONDS} seconds. A narrower filter helps.") from error
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("The refund database can't be reached right now.") from error

    def _prepare(self, connection: Connection) -> None:
        """Make the app's own schema, at the first connection that works."""
        with self._lock:
            if not self._prepared:
                with connection.transaction():
                    self._schema.prepare(connection)
                connection.commit()
                self._prepared = True


def _configure(connection: Connection) -> None:
    # Postgres' default of 4 is for disks with an arm: it then walks an index that fits the order but not the filter.
    connection.execute("SET random_page_cost = 1.1")
    connection.execute(sql.SQL("SET statement_timeout = {}").format(f"{STATEMENT_SECONDS}s"))
    connection.commit()
