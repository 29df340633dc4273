"""The Postgres side of a sync: a table, and the position reached, written in one transaction."""

import re
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from local_workspace.engines.sync.errors import SyncRefused
from local_workspace.engines.sync.values import Row

_POSITIONS = """
CREATE SCHEMA IF NOT EXISTS _sync;
CREATE TABLE IF NOT EXISTS _sync.positions (
    table_name text PRIMARY KEY, source_id text NOT NULL, version bigint NOT NULL, synced_at timestamptz NOT NULL);
ALTER TABLE _sync.positions ADD COLUMN IF NOT EXISTS left_out bigint NOT NULL DEFAULT 0
"""


_COPY_LINE = re.compile(r"COPY \S+, line (\d+)(?:, column ([^:]+):)?")
_PLACE = "place in the feed"  # a name with spaces, unlikely beside key columns; CREATE would refuse a clash


class SchemaChanged(SyncRefused):
    """The source's schema changed in a way that a synced table can't follow; the message says what to do."""

    def __init__(self, table: str, column: str, before: str, after: str | None) -> None:
        change = f"is now {after} and was {before}" if after else f"({before}) was dropped or renamed"
        super().__init__(
            f"Column {column!r} {change} in the source of {table}. A synced table takes added columns only: delete "
            "the synced table and create it again."
        )


class RefusedRow(Exception):
    """Postgres refused a row: its values, the column if Postgres says which, and why."""

    def __init__(self, row: tuple[object, ...], column: str | None, why: str | None) -> None:
        super().__init__(why)
        self.row, self.column, self.why = row, column, why


@dataclass(frozen=True)
class Position:
    """How far a table is synced: the Delta table's own id, the version, and how many of its rows have no key."""

    source_id: str
    version: int
    left_out: int = field(default=0, compare=False)


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

    def columns(self, connection: psycopg.Connection) -> dict[str, str]:
        """The table's columns as it is, with their types; empty if there is no such table."""
        return _columns(connection, self.name)

    @staticmethod
    def keep_positions(connection: psycopg.Connection) -> None:
        """Make what is missing of the table of positions: all of it, or a column that an older home's lacks."""
        if "left_out" not in _columns(connection, sql.Identifier("_sync", "positions")):
            connection.execute(_POSITIONS)

    def prepare(self, connection: psycopg.Connection, columns: dict[str, str]) -> None:
        """Make the schema, the table and columns that are not there yet. Altering locks readers out: only then.

        Raises SchemaChanged if a column was dropped, renamed or given another type: a synced table takes added
        columns only (Databricks documents the same for continuous sync).
        """
        present = self.columns(connection)
        if not present:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
            definitions = sql.SQL(", ").join(_definition(*column) for column in columns.items())
            connection.execute(
                sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(self.name, definitions, _list(self.key))
            )
            return
        for name, kind in present.items():
            if columns.get(name) != kind:
                raise SchemaChanged(self.table, name, kind, columns.get(name))
        for name, kind in columns.items():
            if name not in present:
                connection.execute(sql.SQL("ALTER TABLE {} ADD COLUMN {}").format(self.name, _definition(name, kind)))

    def present(self, connection: psycopg.Connection, keys: list[tuple[object, ...]]) -> list[int]:
        """The places in `keys` of those that the table holds."""
        wanted = _scratch(connection, "wanted", self.name, self.key)
        connection.execute(sql.SQL("ALTER TABLE {} ADD COLUMN {} bigint").format(wanted, sql.Identifier(_PLACE)))
        _copy(connection, wanted, [*self.key, _PLACE], [(*key, place) for place, key in enumerate(keys)])
        rows = connection.execute(
            sql.SQL("SELECT {} FROM {} WHERE ({}) IN (SELECT {} FROM {})").format(
                sql.Identifier(_PLACE), wanted, _list(self.key), _list(self.key), self.name
            )
        )
        return [place for (place,) in rows]

    def position(self, connection: psycopg.Connection) -> Position | None:
        """The position that the table's content stands for, held until the transaction ends."""
        row = connection.execute(
            "SELECT source_id, version, left_out FROM _sync.positions WHERE table_name = %s FOR UPDATE", [self._label]
        ).fetchone()
        return Position(*row) if row else None

    def move_to(self, connection: psycopg.Connection, position: Position) -> None:
        """Write down the position."""
        connection.execute(
            "INSERT INTO _sync.positions (table_name, source_id, version, left_out, synced_at) "
            "VALUES (%s, %s, %s, %s, now()) ON CONFLICT (table_name) DO UPDATE SET source_id = excluded.source_id, "
            "version = excluded.version, left_out = excluded.left_out, synced_at = excluded.synced_at",
            [self._label, position.source_id, position.version, position.left_out],
        )

    def replace(self, connection: psycopg.Connection, columns: list[str], rows: list[Row]) -> None:
        """Make `rows` the table's whole content. Readers see the old one until the transaction ends."""
        connection.execute(sql.SQL("DELETE FROM {}").format(self.name))
        _copy(connection, self.name, columns, rows)

    def upsert(self, connection: psycopg.Connection, columns: list[str], rows: list[Row]) -> None:
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

    def remove(self, connection: psycopg.Connection, keys: list[Row]) -> None:
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
        self.keep_positions(connection)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.name))
        connection.execute("DELETE FROM _sync.positions WHERE table_name = %s", [self._label])

    @property
    def _label(self) -> str:
        return f"{self.schema}.{self.table}"


def _columns(connection: psycopg.Connection, table: sql.Identifier) -> dict[str, str]:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table.as_string(connection)],
    )
    return dict(rows.fetchall())


def _scratch(connection: psycopg.Connection, name: str, like: sql.Identifier, columns: list[str]) -> sql.Identifier:
    table = sql.Identifier("pg_temp", name)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
            sql.Identifier(name), _list(columns), like
        )
    )
    return table


def _copy(connection: psycopg.Connection, table: sql.Identifier, columns: list[str], rows: list[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, _list(columns))
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded, psycopg.errors.UniqueViolation) as error:
        if not (found := _COPY_LINE.search(error.diag.context or "")):
            raise
        raise RefusedRow(rows[int(found[1]) - 1], found[2], error.diag.message_primary) from error


def _list(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _definition(column: str, kind: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
