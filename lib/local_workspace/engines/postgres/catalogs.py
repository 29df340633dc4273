"""Databases that are registered as catalogs: names for the targets of synced tables."""

import uuid

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.documents import Catalog
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import already_exists, not_found
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso


class Catalogs:
    """The registered databases of all projects. Whether a database exists is for the caller to check."""

    def __init__(self, store: Store) -> None:
        self._documents = Documents[Catalog](store, "postgres_catalog")

    def list(self) -> list[Catalog]:
        """All catalogs, oldest first."""
        return self._documents.list()

    def get(self, catalog: str) -> Catalog:
        """One catalog. Raises 404."""
        doc = self._documents.get(catalog)
        if doc is None:
            raise not_found(f"Postgres catalog {catalog} does not exist.")
        return doc

    def of_database(self, project: str, database: str) -> Catalog | None:
        """The catalog that a database is registered as."""
        return next((doc for doc in self.list() if (doc["project"], doc["database"]) == (project, database)), None)

    def check_new(self, catalog: str, project: str, database: str) -> None:
        """Raises 400 for a bad name, 409 if there is such a catalog or the database is registered."""
        names.check_catalog(catalog)
        if self._documents.get(catalog):
            raise already_exists(f"Catalog {catalog} already exists.")
        if known := self.of_database(project, database):
            raise already_exists(f"Database {database} of project {project} is already catalog {known['catalog_id']}.")

    def add(self, catalog: str, project: str, database: str) -> Catalog:
        """Register a database. Raises as `check_new`."""
        self.check_new(catalog, project, database)
        doc: Catalog = {
            "catalog_id": catalog,
            "project": project,
            "database": database,
            "uid": str(uuid.uuid4()),
            "create_time": now_iso(),
        }
        self._documents.put(catalog, doc)
        return doc

    def remove(self, catalog: str) -> None:
        """Forget a catalog; its database stays."""
        self._documents.delete(catalog)

    def remove_project(self, project: str) -> None:
        """Forget the catalogs of a project."""
        for doc in self.list():
            if doc["project"] == project:
                self.remove(doc["catalog_id"])
