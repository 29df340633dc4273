"""The tables and views of a database."""

from dataclasses import dataclass

from psycopg import sql

from local_workspace.engines.postgres.instance import Instance

_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
# Postgres' own estimate of the rows, -1 before it has made one: an exact count would read every table.
_QUERY = """
SELECT n.nspname, c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.reltuples::bigint,
       pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Relation:
    """A table or view; `rows` is Postgres' estimate, None before there is one or for a view; `size` is in bytes."""

    schema: str
    name: str
    kind: str
    owner: str
    rows: int | None
    size: int

    @property
    def quoted(self) -> str:
        """Its name as SQL writes it."""
        return sql.Identifier(self.schema, self.name).as_string()


def relations(server: Instance, database: str) -> list[Relation]:
    """The tables and views of a database, by schema and name."""
    with server.connect(database) as connection:
        found = connection.execute(_QUERY).fetchall()
    return [
        Relation(schema, name, _KINDS[kind], owner, None if rows < 0 or kind == "v" else rows, size)
        for schema, name, kind, owner, rows, size in found
    ]
