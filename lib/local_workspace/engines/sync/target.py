"""The Postgres side of a sync: a table, and the position reached, written in one transaction."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

_POSITIONS = """
CREATE SCHEMA IF NOT EXISTS _sync;
CREATE TABLE IF NOT EXISTS _sync.positions (
    table_name text PRIMARY KEY, source_id text NOT NULL, version bigint NOT NULL, synced_at timestamptz NOT NULL)
"""


@dataclass(frozen=True)
class Position:
    """How far a table is synced: the Delta table's own id, and the version."""

    source_id: str
    version: int


@dataclass(frozen=True)
class Target:
    """Table `schema.table` with primary key `key`. Methods work in the caller's transaction."""

    schema: str
    table: str
    key: list[str]

    @property
    def name(self) -> sql.Identifier:
        """The table's name, quoted."""
        return sql.Identifier(self.schema, self.table)

    def columns(self, connection: psycopg.Connection) -> set[str]:
        """The table's columns as it is; empty if there is no such table."""
        rows = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            [self.name.as_string(connection)],
        )
        return {column for (column,) in rows}

    def prepare(self, connection: psycopg.Connection, columns: dict[str, str]) -> None:
        """Make the schema, the table and columns that are not there yet. Altering locks readers out: only then."""
        present = self.columns(connection)
        if not present:
            connection.execute(_POSITIONS)
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
            connection.execute(
                sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(
                    self.name, sql.SQL(", ").join(_definition(*column) for column in columns.items()), _list(self.key)
                )
            )
            return
        for column in columns.items():
            if column[0] not in present:
                connection.execute(sql.SQL("ALTER TABLE {} ADD COLUMN {}").format(self.name, _definition(*column)))

    def position(self, connection: psycopg.Connection) -> Position | None:
        """The position that the table's content stands for, held until the transaction ends."""
        row = connection.execute(
            "SELECT source_id, version FROM _sync.positions WHERE table_name = %s FOR UPDATE", [self._label]
        ).fetchone()
        return Position(*row) if row else None

    def move_to(self, connection: psycopg.Connection, position: Position) -> None:
        """Write down the position."""
        connection.execute(
            "INSERT INTO _sync.positions VALUES (%s, %s, %s, now()) ON CONFLICT (table_name) DO UPDATE SET "
            "source_id = excluded.source_id, version = excluded.version, synced_at = excluded.synced_at",
            [self._label, position.source_id, position.version],
        )

    def replace(self, connection: psycopg.Connection, columns: list[str], rows: list[tuple]) -> None:
        """Make `rows` the table's whole content. Readers see the old one until the transaction ends."""
        connection.execute(sql.SQL("DELETE FROM {}").format(self.name))
        _copy(connection, self.name, columns, rows)

    def upsert(self, connection: psycopg.Connection, columns: list[str], rows: list[tuple]) -> None:
        """Insert rows, or overwrite those with the same key."""
        incoming = _scratch(connection, "incoming", self.name, columns)
        _copy(connection, incoming, columns, rows)
        rest = [column for column in columns if column not in self.key]
        action = sql.SQL("UPDATE SET {}").format(
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in rest)
        )
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO {}").format(
                self.name,
                _list(columns),
                _list(columns),
                incoming,
                _list(self.key),
                action if rest else sql.SQL("NOTHING"),
            )
        )

    def remove(self, connection: psycopg.Connection, keys: list[tuple]) -> None:
        """Delete the rows with these keys."""
        gone = _scratch(connection, "gone", self.name, self.key)
        _copy(connection, gone, self.key, keys)
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE ({}) IN (SELECT {} FROM {})").format(
                self.name, _list(self.key), _list(self.key), gone
            )
        )

    def drop(self, connection: psycopg.Connection) -> None:
        """Remove the table and its position. Raises psycopg.errors.DependentObjectsStillExist."""
        connection.execute(_POSITIONS)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.name))
        connection.execute("DELETE FROM _sync.positions WHERE table_name = %s", [self._label])

    @property
    def _label(self) -> str:
        return f"{self.schema}.{self.table}"


def _scratch(connection: psycopg.Connection, name: str, like: sql.Identifier, columns: list[str]) -> sql.Identifier:
    table = sql.Identifier("pg_temp", name)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
            sql.Identifier(name), _list(columns), like
        )
    )
    return table


def _copy(connection: psycopg.Connection, table: sql.Identifier, columns: list[str], rows: list[tuple]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, _list(columns))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _list(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _definition(column: str, kind: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
