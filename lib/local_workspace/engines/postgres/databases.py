"""The databases of one server, and the roles that may use them."""

import psycopg
from psycopg import sql

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.documents import Database
from local_workspace.engines.postgres.instance import Instance
from local_workspace.engines.postgres.programs import ADMIN
from local_workspace.runtime.errors import already_exists, invalid, not_found

# The owner may read synced tables, which are the administrator's, and grant others the right to.
_DEFAULT_PRIVILEGES = ("SELECT ON TABLES", "USAGE ON SCHEMAS")


def list_databases(server: Instance) -> list[Database]:
    """The databases of a server with their owners, by name."""
    with server.connect() as connection:
        rows = connection.execute(
            "SELECT datname, pg_get_userbyid(datdba) FROM pg_database "
            "WHERE NOT datistemplate AND datname <> %s ORDER BY 1",
            [ADMIN],
        ).fetchall()
    return [{"project": server.name, "name": name, "id": names.dns_name(name), "role": role} for name, role in rows]


def find_database(server: Instance, database_id: str) -> Database:
    """The database of that id. Raises 404, or 400 if several have it, which SQL can make."""
    found = [doc for doc in list_databases(server) if doc["id"] == database_id]
    if not found:
        raise not_found(f"Database {database_id} does not exist in project {server.name}.")
    if len(found) > 1:
        shared = ", ".join(doc["name"] for doc in found)
        raise invalid(f"{shared} all have the id {database_id}: rename all but one with ALTER DATABASE … RENAME TO.")
    return found[0]


def named_database(server: Instance, wanted: str) -> Database:
    """The database of that name, or else of that id. Raises as `find_database`."""
    named = (doc for doc in list_databases(server) if doc["name"] == wanted)
    return next(named, None) or find_database(server, names.dns_name(wanted))


def create_database(server: Instance, name: str) -> Database:
    """Make a database that the server's user owns. Raises 400 for a bad name, 409 if it exists or its id is taken."""
    names.check_database(name)
    names.check_id_is_free("database", name, [doc["name"] for doc in list_databases(server)])
    owner = sql.Identifier(server.user)
    with server.connect(autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner))
        except psycopg.errors.DuplicateDatabase:
            raise already_exists(f"Database {name} already exists in project {server.name}.") from None
    with server.connect(name) as connection:
        for privileges in _DEFAULT_PRIVILEGES:
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES GRANT {} TO {} WITH GRANT OPTION").format(sql.SQL(privileges), owner)
            )
    return find_database(server, names.dns_name(name))


def drop_database(server: Instance, name: str) -> None:
    """Remove a database and end its connections."""
    with server.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def admit(server: Instance, role: str, database: str) -> None:
    """Let `role`, made if need be, connect to a database and make schemas of its own there."""
    server.ensure_role(role)
    with server.connect(database) as connection:
        connection.execute(
            sql.SQL("GRANT CONNECT, CREATE ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
        )
