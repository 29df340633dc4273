"""SQL warehouses: names for the one Spark server."""

import uuid
from collections.abc import Mapping
from typing import NotRequired, TypedDict, cast

from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.store import Store

_STATES = {"starting": "STARTING", "running": "RUNNING"}


class Warehouse(TypedDict):
    """A warehouse. It keeps all settings that it was created with; `state` is added to every answer."""

    id: str
    name: str
    cluster_size: NotRequired[str]
    state: NotRequired[str]


class WarehousesEngine:
    """The SQL warehouses of the workspace."""

    def __init__(self, store: Store, spark: SparkEngine) -> None:
        self._documents, self._spark = Documents[Warehouse](store, "warehouse"), spark

    def create(self, name: str, settings: Mapping[str, object]) -> Warehouse:
        """Create a warehouse and return it. Raises ApiError 400 if the name is taken."""
        if any(doc["name"] == name for doc in self._documents.list()):
            raise invalid(f"A SQL warehouse named '{name}' already exists")
        doc = cast("Warehouse", {**settings, "id": uuid.uuid4().hex[:16], "name": name})
        self._documents.put(doc["id"], doc)
        return self._with_state(doc)

    def list(self) -> list[Warehouse]:
        """All warehouses."""
        return [self._with_state(doc) for doc in self._documents.list()]

    def get(self, warehouse_id: str) -> Warehouse:
        """A warehouse by id. Raises ApiError 404."""
        doc = self._documents.get(warehouse_id)
        if doc is None:
            raise not_found(f"SQL warehouse '{warehouse_id}' does not exist")
        return self._with_state(doc)

    def delete(self, warehouse_id: str) -> None:
        """Remove a warehouse. Raises ApiError 404."""
        self.get(warehouse_id)
        self._documents.delete(warehouse_id)

    def _with_state(self, doc: Warehouse) -> Warehouse:
        return {**doc, "state": _STATES.get(self._spark.state(), "STOPPED")}
