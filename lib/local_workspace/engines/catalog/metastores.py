"""The metastore of Unity Catalog, of which a home has one."""

from typing import NotRequired, TypedDict

from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.spark_notes import SparkNotes


class MetastoreSummary(TypedDict):
    """The metastore: a machine stands where Databricks has a cloud and its region."""

    metastore_id: str
    global_metastore_id: str
    name: str
    cloud: str
    region: str
    owner: str
    privilege_model_version: str
    delta_sharing_scope: str
    external_access_enabled: bool
    storage_root: NotRequired[str]


class MetastoreAssignment(TypedDict):
    """Which metastore the workspace has, and the catalog of names that name none."""

    metastore_id: str
    workspace_id: int
    default_catalog_name: NotRequired[str]


class MetastoresEngine:
    """Shows the metastore."""

    def __init__(self, notes: SparkNotes, catalog: CatalogEngine, storage: str) -> None:
        self._notes, self._catalog, self._storage = notes, catalog, storage

    def summary(self) -> MetastoreSummary:
        """The metastore; one with default storage has no `storage_root`."""
        found: MetastoreSummary = {
            "metastore_id": self._catalog.metastore_id,
            "global_metastore_id": f"local:local:{self._catalog.metastore_id}",
            "name": "local",
            "cloud": "local",
            "region": "local",
            "owner": self._notes.user,
            "privilege_model_version": "1.0",
            "delta_sharing_scope": "INTERNAL",
            "external_access_enabled": False,
        }
        if not self._catalog.default_storage:
            found["storage_root"] = self._storage
        return found

    def assignment(self, workspace_id: int) -> MetastoreAssignment:
        """The assignment of the workspace of this id."""
        found: MetastoreAssignment = {"metastore_id": self._catalog.metastore_id, "workspace_id": workspace_id}
        if held := self._catalog.list_catalogs():
            found["default_catalog_name"] = held[0]["name"]
        return found
