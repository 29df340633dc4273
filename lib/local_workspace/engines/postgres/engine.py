"""Projects, databases, catalogs and credentials: the control plane over the Postgres servers."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.conninfo import make_conninfo

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.catalogs import Catalogs
from local_workspace.engines.postgres.databases import (
    admit,
    create_database,
    drop_database,
    find_database,
    list_databases,
    named_database,
)
from local_workspace.engines.postgres.documents import (
    Catalog,
    Credential,
    Database,
    PostgresResource,
    Project,
)
from local_workspace.engines.postgres.instance import Instance
from local_workspace.engines.postgres.projects import Projects, RoleOf
from local_workspace.engines.postgres.reading import Rows, read
from local_workspace.engines.postgres.relations import Relation, relations
from local_workspace.engines.sync import Lake, SyncEngine
from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.permissions import CAN_USE, PROJECTS, Permissions, of_principal
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import to_iso

CREDENTIAL_LIFE = timedelta(hours=1)

log = logging.getLogger(__name__)


class PostgresEngine:
    """Lakebase projects of this workspace. `user` owns their databases; `lake` finds and reads Delta tables.

    `role_of` returns the role whose OAuth token that is: a valid one is the role's password.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        processes: Processes,
        lake: Lake,
        user: str,
        role_of: RoleOf = lambda _: None,
    ) -> None:
        self._user = user
        self._lock = threading.RLock()
        self._projects = Projects(home, store, processes, user, self._lock, role_of)
        self._catalogs = Catalogs(store)
        self.permissions = Permissions(store, PROJECTS)
        self.synced = SyncEngine(store, self.connect, self.catalog_target, lake)

    def start(self) -> None:
        """Start every server and sync that the store knows, and finish interrupted deletions."""
        for project in self._projects:
            if project.get("deleting"):
                self.delete_project(project["project_id"])
                continue
            if project.get("disabled"):
                continue
            try:
                self.running(project["project_id"])
            except Exception:  # one damaged instance must not keep the workspace from starting
                log.exception("Postgres instance %s did not start", project["project_id"])
        self.synced.start()

    def stop(self) -> None:
        """Stop the syncs, then the servers."""
        self.synced.stop()
        self._projects.stop()

    def running(self, project: str) -> Instance:
        """The server of `project`, started if it isn't running. Raises 404, or 503 if it can't start."""
        return self._projects.server(project)

    def connect(self, project: str, database: str) -> psycopg.Connection:
        """An administrator's connection to a database of a project. Raises 404 or 503."""
        return self.running(project).connect(database)

    def create_project(self, project: str, display_name: str | None = None) -> Project:
        """Make a server with its default database. Raises 400 for a bad id, 409 if it exists."""
        return self._projects.create(project, display_name)

    def project(self, project: str) -> Project:
        """One project. Raises 404."""
        return self._projects.get(project)

    def projects(self) -> list[Project]:
        """All projects, oldest first."""
        return list(self._projects)

    def delete_project(self, project: str) -> None:
        """Remove a project with its syncs, catalogs, databases and files. Raises 404."""
        self._projects.begin_deletion(project)
        self.synced.forget(project)  # without the lock, which a connecting sync may be waiting for
        with self._lock:
            self._catalogs.remove_project(project)
            self.permissions.forget(project)
            self._projects.destroy(project)

    def address(self, project: str) -> str:
        """The host of a project's endpoint, which is started if need be unless it is disabled. Raises 404 or 503.

        It has the port behind a colon where that is not Lakebase's.
        """
        return str(self._reachable(project).address)

    def disable_endpoint(self, project: str, disabled: bool) -> None:
        """Suspend a project's server until it is enabled, or start it again. Raises 404 or 503.

        No connection and no request starts a disabled one, as in the SDK's `EndpointSpec.disabled`.
        """
        self._projects.disable(project, disabled)

    def _reachable(self, project: str) -> Instance:
        """The server of a project, running unless its endpoint is disabled."""
        disabled = self.project(project).get("disabled")
        return self._projects.instance(project) if disabled else self.running(project)

    def credential(self, project: str, role: str | None = None) -> Credential:
        """A new password of `role`, or the user's, and its expiry time; connections outlive it.

        Raises 404 if there is no such role; of a disabled endpoint the roles can't be known.
        """
        wanted = role or self._user
        if not self.project(project).get("disabled") and wanted not in self.roles(project):
            raise not_found(f"Project {project} has no role {wanted}.")
        expires = datetime.now(UTC) + CREDENTIAL_LIFE
        token = self._reachable(project).credential(wanted, int(expires.timestamp()))
        return {"token": token, "expire_time": to_iso(expires)}

    def roles(self, project: str) -> list[str]:
        """The roles of a project: the workspace's user, and who else may log in. Raises 404."""
        return self.running(project).roles()

    def create_role(self, project: str, name: str) -> None:
        """Let a user or service principal log in. Raises 400 for a bad name, 404, 409 if it or its id exists."""
        names.check_role(name)
        if name in (roles := self.roles(project)):
            raise already_exists(f"Role {name} already exists in project {project}.")
        names.check_id_is_free("role", name, roles)
        self.running(project).ensure_role(name)

    def client_environment(self, resource: PostgresResource, role: str) -> dict[str, str]:
        """libpq's variables for an app's Postgres resource: a `branch` path, and a `database` as path or name.

        The resource is the app's permission, too: it may use the project, and its role may connect there and
        make schemas of its own.
        Raises 400 for another branch, 404 if the project or the database is missing.
        """
        project, wanted = names.project_of(resource["branch"]), resource["database"].rpartition("/")[2]
        server = self.running(project)
        database = named_database(server, wanted)["name"]
        admit(server, role, database)
        self.permissions.add(project, [of_principal(role, CAN_USE)])
        return {
            "PGHOST": server.address.host,
            "PGPORT": str(server.address.port),
            "PGUSER": role,
            "PGDATABASE": database,
            "PGSSLMODE": "require",
        }

    def databases(self, project: str) -> list[Database]:
        """Databases of a project with their owners, by name. Raises 404."""
        return list_databases(self.running(project))

    def database(self, project: str, database_id: str) -> Database:
        """One database by its id. Raises 404."""
        return find_database(self.running(project), database_id)

    def relations(self, database: Database) -> list[Relation]:
        """Tables and views of a database, by schema and name. Raises 404."""
        return relations(self.running(database["project"]), database["name"])

    def connection(self, project: str, database_id: str) -> dict[str, str]:
        """libpq's parameters with which the user connects to a database, with a new password. Raises 404."""
        server = self.running(project)
        return {
            "host": server.address.host,
            "port": str(server.address.port),
            "user": self._user,
            "password": self.credential(project)["token"],
            "dbname": find_database(server, database_id)["name"],
            "sslmode": "require",
        }

    def read(self, project: str, database_id: str, text: str) -> Rows:
        """Run one statement as the user, in a transaction that can't write. Raises 404, StatementFailed 400."""
        certificate = str(self.running(project).certificate)  # else libpq would look for a list in the user's folder
        return read(make_conninfo(**self.connection(project, database_id), sslrootcert=certificate), text)

    def create_database(self, project: str, name: str) -> Database:
        """Make a database that the user owns. Raises 400 for a bad name, 404, 409 if it exists."""
        return create_database(self.running(project), name)

    def delete_database(self, project: str, database_id: str) -> None:
        """Remove a database and end its connections. Raises 404, or 400 if it is registered as a catalog."""
        server = self.running(project)
        name = find_database(server, database_id)["name"]
        if catalog := self._catalogs.of_database(project, name):
            raise invalid(f"Database {name} is registered as catalog {catalog['catalog_id']}: delete that first.")
        drop_database(server, name)

    def create_catalog(self, catalog: str, project: str, database: str, create_database: bool) -> Catalog:
        """Register a database as a catalog. Raises 400, 404 if the database is missing, 409 if it exists."""
        with self._lock:
            self._catalogs.check_new(catalog, project, database)
            if database not in {doc["name"] for doc in self.databases(project)}:
                if not create_database:
                    raise not_found(
                        f"Database {database} does not exist in project {project}; create it first, or "
                        "set create_database_if_missing."
                    )
                self.create_database(project, database)
            return self._catalogs.add(catalog, project, database)

    def catalog(self, catalog: str) -> Catalog:
        """One catalog. Raises 404."""
        return self._catalogs.get(catalog)

    def catalog_target(self, catalog: str) -> tuple[str, str]:
        """Project and database behind a catalog. Raises 404."""
        doc = self.catalog(catalog)
        return doc["project"], doc["database"]

    def delete_catalog(self, catalog: str) -> None:
        """Remove a catalog; its database stays. Raises 404, or 400 while it has synced tables."""
        self.catalog(catalog)
        left = [name for name in self.synced.names() if name.startswith(f"{catalog}.")]
        if left:
            raise invalid(f"Catalog {catalog} still has synced tables: delete {', '.join(left)} first.")
        self._catalogs.remove(catalog)
