"""Projects, databases, catalogs and credentials: the control plane over the Postgres servers."""

import logging
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import cast

import psycopg
from psycopg import sql

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.documents import (
    Catalog,
    Credential,
    Database,
    PostgresResource,
    Project,
    StoredProject,
)
from local_workspace.engines.postgres.instance import ADMIN, PG_VERSION, Instance
from local_workspace.engines.sync import Lake, SyncEngine
from local_workspace.runtime import ports
from local_workspace.runtime.errors import already_exists, invalid, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso, to_iso

PROJECT, CATALOG = "postgres_project", "postgres_catalog"
DEFAULT_DATABASE = "databricks_postgres"
CREDENTIAL_LIFE = timedelta(hours=1)

log = logging.getLogger(__name__)


class PostgresEngine:
    """Lakebase projects of this workspace. `user` owns their databases; `lake` finds and reads Delta tables."""

    def __init__(self, home: Home, store: Store, processes: Processes, lake: Lake, user: str) -> None:
        self._home, self._store, self._processes, self._user = home, store, processes, user
        self._instances: dict[str, Instance] = {}
        self._lock = threading.RLock()
        self.synced = SyncEngine(store, self.connect, self.catalog_target, lake)

    def start(self) -> None:
        """Start every server and sync that the store knows, and finish deletions that were cut short."""
        for doc in self._store.list(PROJECT):
            if doc.get("deleting"):
                self.delete_project(doc["project_id"])
                continue
            try:
                self.running(doc["project_id"])
            except Exception:  # one damaged instance must not keep the workspace from starting
                log.exception("Postgres instance %s did not start", doc["project_id"])
        self.synced.start()

    def stop(self) -> None:
        """Stop the syncs, then the servers."""
        self.synced.stop()
        with self._lock:
            for instance in self._instances.values():
                instance.stop()
            self._instances.clear()

    def running(self, project: str) -> Instance:
        """The server of `project`, started if it isn't running. Raises 404, or 503 if it can't start."""
        with self._lock:
            doc = self.project(project)
            if doc.get("deleting"):
                raise not_found(f"Project {project} is being deleted.")
            instance = self._instances.setdefault(
                project, Instance(self._home, self._processes, project, self._user, doc["port"])
            )
            try:
                instance.start()
            except RuntimeError as error:
                raise unavailable(str(error)) from error
            if instance.port != doc["port"]:
                self._store.update(PROJECT, project, port=instance.port)
            return instance

    def connect(self, project: str, database: str) -> psycopg.Connection:
        """An administrator's connection to a database of a project. Raises 404 or 503."""
        return self.running(project).connect(database)

    def create_project(self, project: str, display_name: str | None = None) -> Project:
        """Make a server with its default database. Raises 400 for a bad id, 409 if it exists."""
        names.check_project(project)
        with self._lock:
            if self._store.get(PROJECT, project):
                raise already_exists(f"Project {project} already exists.")
            doc: StoredProject = {
                "project_id": project,
                "display_name": display_name or project,
                "uid": str(uuid.uuid4()),
                "create_time": now_iso(),
                "port": None,
            }
            self._store.put(PROJECT, project, {**doc})
            try:
                self.create_database(project, DEFAULT_DATABASE)
            except Exception:
                self.delete_project(project)
                raise
            return self.project(project)

    def project(self, project: str) -> Project:
        """The stored description of a project. Raises 404."""
        doc = cast(StoredProject | None, self._store.get(PROJECT, project))
        if doc is None:
            raise not_found(f"Project {project} does not exist.")
        return {**doc, "owner": self._user, "pg_version": PG_VERSION}

    def projects(self) -> list[Project]:
        """All projects, oldest first."""
        return [self.project(doc["project_id"]) for doc in self._store.list(PROJECT)]

    def delete_project(self, project: str) -> None:
        """Remove a project with its syncs, catalogs, databases and files. Raises 404."""
        self.project(project)
        self._store.update(PROJECT, project, deleting=True)
        self.synced.forget(project)  # without the lock, which a sync that is connecting may want
        with self._lock:
            for catalog in self.catalogs():
                if catalog["project"] == project:
                    self._store.delete(CATALOG, catalog["catalog_id"])
            instance = self._instances.pop(project, None)
            (instance or Instance(self._home, self._processes, project, self._user)).destroy()
            self._store.delete(PROJECT, project)

    def address(self, project: str) -> str:
        """`host:port` of a project's server, started if need be."""
        return f"{ports.HOST}:{self.running(project).port}"

    def credential(self, project: str, role: str | None = None) -> Credential:
        """The password of `role`, or the user's, and the time until which to use it. Raises 404 for no such role."""
        wanted = role or self._user
        if wanted not in self.roles(project):
            raise not_found(f"Project {project} has no role {wanted}.")
        expires = datetime.now(UTC) + CREDENTIAL_LIFE
        return {"token": self.running(project).password(wanted), "expire_time": to_iso(expires)}

    def roles(self, project: str) -> list[str]:
        """The roles of a project: the user, and the service principals that were let in. Raises 404."""
        return self.running(project).roles()

    def create_role(self, project: str, name: str) -> None:
        """Let a service principal log in. Raises 400 for a bad name, 404, 409 if it exists."""
        names.check_role(name)
        if name in self.roles(project):
            raise already_exists(f"Role {name} already exists in project {project}.")
        self.running(project).ensure_role(name)

    def client_environment(self, resource: PostgresResource, role: str) -> dict[str, str]:
        """libpq's variables for an app's Postgres resource: a `branch` path, and a `database` as path or name.

        The resource is the app's permission, too: its role may connect there, and make schemas of its own.
        Raises 400 for another branch, 404 if the project or the database is missing.
        """
        project, wanted = names.project_of(resource["branch"]), resource["database"].rpartition("/")[2]
        host, _, port = self.address(project).partition(":")
        database = self.database(project, names.dns_name(wanted))["name"]
        self.running(project).ensure_role(role)
        with self.connect(project, database) as connection:
            connection.execute(
                sql.SQL("GRANT CONNECT, CREATE ON DATABASE {} TO {}").format(
                    sql.Identifier(database), sql.Identifier(role)
                )
            )
        return {"PGHOST": host, "PGPORT": port, "PGUSER": role, "PGDATABASE": database, "PGSSLMODE": "disable"}

    def databases(self, project: str) -> list[Database]:
        """Databases of a project with their owners, by name."""
        with self.running(project).connect() as connection:
            rows = connection.execute(
                "SELECT datname, pg_get_userbyid(datdba) FROM pg_database "
                "WHERE NOT datistemplate AND datname <> %s ORDER BY 1",
                [ADMIN],
            ).fetchall()
        return [{"project": project, "name": name, "id": names.dns_name(name), "role": role} for name, role in rows]

    def database(self, project: str, database_id: str) -> Database:
        """One database by its id. Raises 404."""
        for doc in self.databases(project):
            if doc["id"] == database_id:
                return doc
        raise not_found(f"Database {database_id} does not exist in project {project}.")

    def create_database(self, project: str, name: str) -> Database:
        """Make a database that the user owns. Raises 400 for a bad name, 409 if it exists."""
        names.check_database(name)
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(self._user))
        with self.running(project).connect(autocommit=True) as connection:
            try:
                connection.execute(statement)
            except psycopg.errors.DuplicateDatabase:
                raise already_exists(f"Database {name} already exists in project {project}.") from None
        with self.connect(project, name) as connection:
            for rights in ("SELECT ON TABLES", "USAGE ON SCHEMAS"):  # of synced tables, for others to be let read
                connection.execute(
                    sql.SQL("ALTER DEFAULT PRIVILEGES GRANT {} TO {} WITH GRANT OPTION").format(
                        sql.SQL(rights), sql.Identifier(self._user)
                    )
                )
        return self.database(project, names.dns_name(name))

    def delete_database(self, project: str, database_id: str) -> None:
        """Remove a database and end its connections. Raises 404, or 400 if a catalog still shows it."""
        name = self.database(project, database_id)["name"]
        for catalog in self.catalogs():
            if (catalog["project"], catalog["database"]) == (project, name):
                raise invalid(f"Database {name} is registered as catalog {catalog['catalog_id']}: delete that first.")
        with self.running(project).connect(autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_catalog(self, catalog: str, project: str, database: str, create_database: bool) -> Catalog:
        """Register a database as a catalog. Raises 400, 404 if the database is missing, 409 if it exists."""
        names.check_catalog(catalog)
        with self._lock:
            self._check_unregistered(catalog, project, database)
            if database not in {doc["name"] for doc in self.databases(project)}:
                if not create_database:
                    raise not_found(
                        f"Database {database} does not exist in project {project}; create it first, or "
                        "set create_database_if_missing."
                    )
                self.create_database(project, database)
            doc: Catalog = {
                "catalog_id": catalog,
                "project": project,
                "database": database,
                "uid": str(uuid.uuid4()),
                "create_time": now_iso(),
            }
            self._store.put(CATALOG, catalog, {**doc})
            return doc

    def catalog(self, catalog: str) -> Catalog:
        """One catalog. Raises 404."""
        doc = cast(Catalog | None, self._store.get(CATALOG, catalog))
        if doc is None:
            raise not_found(f"Postgres catalog {catalog} does not exist.")
        return doc

    def catalogs(self) -> list[Catalog]:
        """All catalogs, oldest first."""
        return cast(list[Catalog], self._store.list(CATALOG))

    def catalog_target(self, catalog: str) -> tuple[str, str]:
        """Project and database behind a catalog. Raises 404."""
        doc = self.catalog(catalog)
        return doc["project"], doc["database"]

    def delete_catalog(self, catalog: str) -> None:
        """Take a catalog off its database, which stays. Raises 404, or 400 while it has synced tables."""
        self.catalog(catalog)
        left = [name for name in self.synced.names() if name.startswith(f"{catalog}.")]
        if left:
            raise invalid(f"Catalog {catalog} still has synced tables: delete {', '.join(left)} first.")
        self._store.delete(CATALOG, catalog)

    def _check_unregistered(self, catalog: str, project: str, database: str) -> None:
        for doc in self.catalogs():
            if doc["catalog_id"] == catalog:
                raise already_exists(f"Catalog {catalog} already exists.")
            if (doc["project"], doc["database"]) == (project, database):
                raise already_exists(
                    f"Database {database} of project {project} is already catalog {doc['catalog_id']}."
                )
