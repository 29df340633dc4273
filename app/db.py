"""Postgres: a pool whose every connection brings a fresh credential, and what happens when it can't be reached."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import queries
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

WAIT_SECONDS = 3


class Unavailable(Exception):
    """The database can't answer now; the message is for people."""


class Database:
    """Connections to the refund database.

    `password()` is asked at each new connection, because a Lakebase token lives an hour.
    """

    def __init__(self, password: Callable[[], str] | None = None, conninfo: str = "") -> None:
        def options() -> dict[str, object]:
            secret = {"password": password()} if password else {}
            return {"row_factory": dict_row, "connect_timeout": WAIT_SECONDS, **secret}

        # reconnect_timeout=0: no growing pauses between attempts; the next request tries again.
        self._pool = ConnectionPool(conninfo, kwargs=options, min_size=1, max_size=8, timeout=WAIT_SECONDS,
                                    reconnect_timeout=0, check=ConnectionPool.check_connection, open=False)
        self._prepared = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Start connecting; returns at once, also when Postgres is away."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection inside one transaction. Raises Unavailable if Postgres or the synced table is not there."""
        try:
            with self._pool.connection() as connection:
                self._prepare(connection)
                yield connection
        except psycopg.errors.UndefinedTable as error:
            raise Unavailable("The recommendations have not arrived in Postgres yet.") from error
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("The refund database can't be reached right now.") from error

    def _prepare(self, connection: psycopg.Connection) -> None:
        """Make the app's own table, at the first connection that works."""
        with self._lock:
            if not self._prepared:
                with connection.transaction():
                    connection.execute(queries.PREPARE)
                connection.commit()
                self._prepared = True
