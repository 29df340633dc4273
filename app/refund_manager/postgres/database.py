"""A pool of Postgres connections, each with a fresh credential; Postgres' errors become the app's own."""

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
"""A row as a dict by column name."""
Connection: TypeAlias = psycopg.Connection[Row]

WAIT_SECONDS = 3
STATEMENT_SECONDS = 10
_COMMENT = "SELECT obj_description(to_regnamespace(%s)::oid, 'pg_namespace') AS comment"


def value(connection: Connection, query: LiteralString | sql.Composed, values: Params | None = None) -> Any:
    """The value of a query that returns one row with one column. Raises ValueError for any other result."""
    (row,) = connection.execute(query, values).fetchall()
    (only,) = row.values()
    return only


class Schema(NamedTuple):
    """A schema that the app owns: its name, and the repeatable statements that create or upgrade it."""

    name: str
    statements: str

    def prepare(self, connection: Connection) -> None:
        """Create or upgrade the schema, unless it has this version: altering tables at every start would block users.

        The version is kept as the schema's comment.
        """
        version = hashlib.sha256(self.statements.encode()).hexdigest()
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self.name,))
        if value(connection, _COMMENT, (self.name,)) != version:
            connection.execute("SET LOCAL statement_timeout = 0")  # an index over a million rows takes longer
            connection.execute(self.statements)
            connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(self.name), version))


class Database:
    """Connections to a database in which the app owns a schema.

    `password()` is called for each new connection, because a Lakebase token is valid for an hour. `address` holds
    connection parameters (host, port, dbname) that override libpq's environment variables.
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
            # No prepared statements, so that each list gets a plan that suits its values.
            return {
                "row_factory": dict_row,
                "connect_timeout": WAIT_SECONDS,
                "prepare_threshold": None,
                **(address or {}),
                **secret,
            }

        # reconnect_timeout=0: no back-off between attempts, as the next request tries again.
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
        """Start connecting; returns at once, even if Postgres is unreachable."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection inside one transaction. Raises Unavailable if Postgres or the synced table can't be used."""
        try:
            with self._pool.connection() as connection:
                self._prepare(connection)
                yield connection
        except psycopg.errors.UndefinedTable as error:
            raise Unavailable("The suggestions have not arrived in Postgres yet.") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable(
                f"The app's role lacks a privilege in Postgres ({error.diag.message_primary}). Run notebook 10, which "
                "grants what the app needs."
            ) from error
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable(f"The query took longer than {STATEMENT_SECONDS} seconds. Narrow the filters.") from error
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("The database can't be reached right now.") from error

    def _prepare(self, connection: Connection) -> None:
        """Create the app's schema on the first successful connection."""
        with self._lock:
            if not self._prepared:
                with connection.transaction():
                    self._schema.prepare(connection)
                connection.commit()
                self._prepared = True


def _configure(connection: Connection) -> None:
    # The default of 4 assumes spinning disks: the planner then scans the index that matches the sort, not the filter.
    connection.execute("SET random_page_cost = 1.1")
    connection.execute(sql.SQL("SET statement_timeout = {}").format(f"{STATEMENT_SECONDS}s"))
    connection.commit()
