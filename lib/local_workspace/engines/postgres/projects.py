"""The projects, each a Postgres server of its own."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.addresses import Address
from local_workspace.engines.postgres.databases import create_database
from local_workspace.engines.postgres.documents import Project, StoredProject
from local_workspace.engines.postgres.instance import Instance
from local_workspace.engines.postgres.passwords import PasswordServer
from local_workspace.engines.postgres.programs import ADMIN, PG_VERSION
from local_workspace.runtime import ports
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import already_exists, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso

DEFAULT_DATABASE = "databricks_postgres"

type RoleOf = Callable[[str], str | None]


class Projects:
    """Makes, finds and removes projects. `user` owns their databases; `lock` is held while one is made or removed.

    `role_of` returns the role whose OAuth token that is, None for what is no valid token.
    """

    def __init__(
        self, home: Home, store: Store, processes: Processes, user: str, lock: threading.RLock, role_of: RoleOf
    ) -> None:
        self._home, self._processes, self._user, self._lock = home, processes, user, lock
        self._role_of = role_of
        self._passwords: PasswordServer | None = None
        self._documents = Documents[StoredProject](store, "postgres_project")
        self._servers: dict[str, Instance] = {}

    def get(self, project: str) -> Project:
        """A project. Raises 404."""
        doc = self._documents.get(project)
        if doc is None:
            raise not_found(f"Project {project} does not exist.")
        return {**doc, "owner": self._user, "pg_version": PG_VERSION}

    def __iter__(self) -> Iterator[Project]:
        """All projects, oldest first."""
        return iter([self.get(doc["project_id"]) for doc in self._documents.list()])

    def create(self, project: str, display_name: str | None = None) -> Project:
        """Make a project with its default database. Raises 400 for a bad id, 409 if it exists."""
        names.check_project(project)
        with self._lock:
            if self._documents.get(project):
                raise already_exists(f"Project {project} already exists.")
            doc: StoredProject = {
                "project_id": project,
                "display_name": display_name or project,
                "uid": str(uuid.uuid4()),
                "create_time": now_iso(),
                "port": None,
            }
            self._documents.put(project, doc)
            try:
                create_database(self.server(project), DEFAULT_DATABASE)
            except Exception:
                self.begin_deletion(project)
                self.destroy(project)
                raise
            return self.get(project)

    def server(self, project: str) -> Instance:
        """The server of a project, started if it isn't running.

        Raises 404, or 503 if it can't start or its endpoint is disabled.
        """
        with self._lock:
            doc = self.get(project)
            server = self.instance(project)
            if doc.get("disabled"):
                raise unavailable(
                    f"The endpoint of project {project} is disabled: enable it by w.postgres.update_endpoint."
                )
            self._passwords = self._passwords or PasswordServer(self._accepts)
            server.rules = self._passwords.rules(project, ADMIN)
            try:
                server.start()
            except RuntimeError as error:
                raise unavailable(str(error)) from error
            if server.address != _last_address(doc):
                self._documents.update(project, host=server.address.host, port=server.address.port)
            return server

    def instance(self, project: str) -> Instance:
        """The server of a project as it is, running or not. Raises 404."""
        with self._lock:
            doc = self.get(project)
            if doc.get("deleting"):
                raise not_found(f"Project {project} is being deleted.")
            return self._servers.setdefault(
                project, Instance(self._home, self._processes, project, self._user, _last_address(doc))
            )

    def disable(self, project: str, disabled: bool) -> None:
        """End the server of a project until it is enabled, or start it again. Raises 404, or 503 if it can't start."""
        with self._lock:
            server = self.instance(project)
            self._documents.update(project, disabled=disabled)
            if disabled:
                server.stop()
            else:
                self.server(project)

    def stop(self) -> None:
        """Stop all servers."""
        with self._lock:
            for server in self._servers.values():
                server.stop()
            self._servers.clear()
            if self._passwords:
                self._passwords.close()
                self._passwords = None

    def _accepts(self, project: str, role: str, password: str) -> bool:
        """Whether a password is a credential of the role's that has not ended, or a valid OAuth token of its own."""
        server = self._servers.get(project)
        issued = server is not None and server.is_credential(role, password, time.time())
        return issued or self._role_of(password) == role

    def begin_deletion(self, project: str) -> None:
        """Mark a project for deletion, which a restart resumes; its server is not started again. Raises 404."""
        self.get(project)
        self._documents.update(project, deleting=True)

    def destroy(self, project: str) -> None:
        """Remove a project with its server and files."""
        with self._lock:
            server = self._servers.pop(project, None)
            (server or Instance(self._home, self._processes, project, self._user)).destroy()
            self._documents.delete(project)


def _last_address(doc: StoredProject) -> Address | None:
    """Where a project's server listened last; None before its first start."""
    return Address(doc.get("host", ports.HOST), doc["port"]) if doc["port"] else None
