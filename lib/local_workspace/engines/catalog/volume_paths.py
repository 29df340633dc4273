"""What lies under /Volumes: catalogs, in these schemas, in these volumes."""

from collections.abc import Sequence
from pathlib import Path

from local_workspace.engines.catalog.documents import Catalog, Schema, Volume
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.volumes import VolumesEngine


class VolumePaths:
    """Finds the folders of volumes and the names of what is above them."""

    def __init__(self, catalog: CatalogEngine, volumes: VolumesEngine) -> None:
        self._catalog, self._volumes = catalog, volumes

    def folder(self, full_name: str) -> Path:
        """The folder of the volume `catalog.schema.volume`. Raises ApiError 404."""
        volume = self._volumes.get(full_name)
        return self._volumes.path(volume["schema_name"], volume["name"])

    def names_in(self, *parts: str) -> list[tuple[str, int]]:
        """What is in a catalog or schema, or all catalogs without `parts`: name and time of its change in ms.

        Raises ApiError 404.
        """
        return [(found["name"], found["updated_at"]) for found in self._in(parts)]

    def _in(self, parts: tuple[str, ...]) -> Sequence[Catalog | Schema | Volume]:
        if not parts:
            return self._catalog.list_catalogs()
        if len(parts) == 1:
            return self._catalog.list_schemas(parts[0])
        self._catalog.get_schema(".".join(parts))
        return self._volumes.list(*parts)
